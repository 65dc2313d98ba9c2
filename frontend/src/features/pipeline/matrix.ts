import type { MetricGroup, MetricResult } from "@/api/types";
import { compareDecimal, month } from "@/lib/format";

export const DIMENSIONS = [
  { key: "owner", label: "Owner", plural: "owners" },
  { key: "team", label: "Team", plural: "teams" },
  { key: "source", label: "Source", plural: "sources" },
  { key: "month", label: "Month", plural: "months" },
] as const;

export type Dimension = (typeof DIMENSIONS)[number]["key"];

interface MatrixColumn {
  /** The value of the dimension; null for deals without one. */
  name: string | null;
  total: MetricGroup;
}

export interface Matrix {
  columns: MatrixColumn[];
  cell: (stage: string | null, column: string | null) => MetricGroup | undefined;
  /** The largest cell, for the heat. */
  largest: string;
}

function keyOf(stage: string | null, column: string | null): string {
  return JSON.stringify([stage, column]);
}

/** Columns by value, the largest first; months in the order of the calendar. */
export function matrixOf(dimension: Dimension, cells: MetricResult, totals: MetricResult): Matrix {
  const columns = totals.groups.map((total) => ({ name: total.key[dimension] ?? null, total }));
  columns.sort((a, b) =>
    dimension === "month"
      ? (a.name ?? "9999").localeCompare(b.name ?? "9999")
      : compareDecimal(b.total.value ?? "0", a.total.value ?? "0") || (a.name ?? "").localeCompare(b.name ?? ""),
  );
  const byKey = new Map(
    cells.groups.map((group) => [keyOf(group.key.stage ?? null, group.key[dimension] ?? null), group]),
  );
  const largest = cells.groups.reduce(
    (most, group) => (group.value && compareDecimal(group.value, most) > 0 ? group.value : most),
    "0",
  );
  return { columns, cell: (stage, column) => byKey.get(keyOf(stage, column)), largest };
}

export function columnName(dimension: Dimension, name: string | null): string {
  if (name === null) return dimension === "month" ? "No date" : `No ${dimension}`;
  return dimension === "month" ? month(name, true) : name;
}

