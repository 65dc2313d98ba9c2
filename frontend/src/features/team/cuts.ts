import type { MetricGroup, MetricResult } from "@/api/types";
import { compareDecimal } from "@/lib/format";
import { lastQuarterEnd, quarterOf, type Period } from "@/lib/periods";

export const DIMENSIONS = [
  { key: "owner", label: "People" },
  { key: "team", label: "Teams" },
  { key: "manager", label: "Managers" },
] as const;

export type Dimension = (typeof DIMENSIONS)[number]["key"];

export const PERIODS = [
  { key: "this", label: "This quarter" },
  { key: "last", label: "Last quarter" },
  { key: "year", label: "This year" },
] as const;

export type PeriodKey = (typeof PERIODS)[number]["key"];

export function periodOf(key: PeriodKey, day: string): Period {
  if (key === "last") return quarterOf(lastQuarterEnd(day));
  if (key === "year") return { from: `${day.slice(0, 4)}-01-01`, to: `${day.slice(0, 4)}-12-31`, label: day.slice(0, 4) };
  return quarterOf(day);
}

/** How much of the period has passed by a day, as a decimal string; 1 when it is over. */
export function passed(period: Period, day: string): string {
  const at = (text: string) => Date.parse(`${text}T00:00:00Z`);
  const whole = at(period.to) - at(period.from) + 86_400_000;
  const part = at(day) - at(period.from) + 86_400_000;
  return Math.min(1, Math.max(0, part / whole)).toFixed(4);
}

export type Part = MetricGroup["parts"][number];

/** One of the numbers that a composed one is made of. */
export function partOf(group: Pick<MetricGroup, "parts">, metric: string): Part | undefined {
  return group.parts.find((part) => part.metric === metric);
}

/** The best first: by attainment where there is a quota, then by what was won. */
export function ranked(result: MetricResult): MetricGroup[] {
  const won = (group: MetricGroup) => String(partOf(group, "won-value")?.value ?? "0");
  return [...result.groups].sort(
    (a, b) => compareDecimal(b.value ?? "-1", a.value ?? "-1") || compareDecimal(won(b), won(a)),
  );
}
