import type { MetricResult } from "@/api/types";
import { compareDecimal, ratio } from "@/lib/format";

export interface Stage {
  name: string | null;
  value: string | null;
  rows: number;
  /** The address of the stage's deals. */
  drill: string;
  weighted: string | null;
  /** Weighted ÷ value: the odds as the sources give them. Null when they give none for any deal of the stage. */
  odds: string | null;
}

/** Stages in the order of their odds, since each vendor names and numbers its stages in its own way. */
export function stagesOf(open: MetricResult, weighted: MetricResult | undefined): Stage[] {
  const weightedOf = new Map(weighted?.groups.map((group) => [group.key.stage ?? null, group]));
  return open.groups
    .map((group) => {
      const name = group.key.stage ?? null;
      const weighed = weightedOf.get(name);
      const known = weighed !== undefined && weighed.unpriced < weighed.rows;
      const part = known ? weighed.value : null;
      return { name, value: group.value, rows: group.rows, drill: group.drill, weighted: part, odds: ratio(part, group.value) };
    })
    .sort(
      (a, b) =>
        compareDecimal(a.odds ?? "2", b.odds ?? "2") ||
        compareDecimal(b.value ?? "0", a.value ?? "0") ||
        (a.name ?? "").localeCompare(b.name ?? ""),
    );
}
