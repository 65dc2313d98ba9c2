import { addDays, lastDays } from "@/lib/periods";

export const DIMENSIONS = [
  { key: "team", label: "Team" },
  { key: "owner", label: "Owner" },
  { key: "source", label: "Source" },
  { key: "segment", label: "Segment" },
  { key: "lead_source", label: "Lead source" },
] as const;

export type Dimension = (typeof DIMENSIONS)[number]["key"];

export const PERIODS = [
  { key: "90", label: "90 days", days: 90 },
  { key: "180", label: "180 days", days: 180 },
  { key: "365", label: "A year", days: 365 },
] as const;

export type PeriodKey = (typeof PERIODS)[number]["key"];

export const MEASURES = [
  { key: "deals", label: "Deals", slug: "win-rate" },
  { key: "value", label: "Value", slug: "win-rate-value" },
] as const;

export type Measure = (typeof MEASURES)[number]["key"];

/** Under so many closed deals a rate says little; such lines are marked. */
export const FEW = 10;

export interface Cut {
  dimension: Dimension;
  measure: Measure;
  slug: string;
  period: { from: string; to: string };
  periodLabel: string;
  /** The earlier day, and the period of the same length that ended on it. */
  base: { day: string; period: { from: string; to: string } } | undefined;
}

export function cutOf(dimension: Dimension, measure: Measure, periodKey: PeriodKey, day: string, compare: string | undefined): Cut {
  const chosen = PERIODS.find((one) => one.key === periodKey) ?? PERIODS[2];
  const span = (end: string) => {
    const { from, to } = lastDays(end, chosen.days);
    return { from, to };
  };
  const earlier = compare !== undefined && compare < day ? compare : undefined;
  return {
    dimension,
    measure,
    slug: measure === "value" ? "win-rate-value" : "win-rate",
    period: span(day),
    periodLabel: chosen.label.toLowerCase(),
    base: earlier ? { day: earlier, period: span(earlier) } : undefined,
  };
}

export function comparisons(day: string): [string, string | undefined][] {
  return [
    ["Nothing", undefined],
    ["4 weeks ago", addDays(day, -28)],
    ["A quarter ago", addDays(day, -91)],
    ["A year ago", addDays(day, -365)],
  ];
}
