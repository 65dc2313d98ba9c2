/** Calendar periods as plain dates (`YYYY-MM-DD`), which is what metrics take for `from` and `to`. */

export interface Period {
  from: string;
  to: string;
  label: string;
}

function iso(date: Date): string {
  return `${date.getFullYear()}-${String(date.getMonth() + 1).padStart(2, "0")}-${String(date.getDate()).padStart(2, "0")}`;
}

/** The day that the page stands on: the as-of day, or today in the reader's zone. */
export function standingDay(asOf: string | undefined, now = new Date()): string {
  return asOf ? asOf.slice(0, 10) : iso(now);
}

function parts(day: string): [number, number, number] {
  const [year = 1970, month = 1, date = 1] = day.split("-").map(Number);
  return [year, month - 1, date];
}

export function addDays(day: string, days: number): string {
  const [year, month, date] = parts(day);
  return iso(new Date(year, month, date + days));
}

/** The quarter in which a day lies, from its first to its last day. */
export function quarterOf(day: string): Period {
  const [year, month] = parts(day);
  const quarter = Math.floor(month / 3);
  return {
    from: iso(new Date(year, quarter * 3, 1)),
    to: iso(new Date(year, quarter * 3 + 3, 0)),
    label: `Q${quarter + 1} ${year}`,
  };
}

/** The last `n` days up to and including the day. */
export function lastDays(day: string, n: number): Period {
  return { from: addDays(day, 1 - n), to: day, label: `${n} days` };
}

/** The month of the day and the `n - 1` months before it, whole. */
export function lastMonths(day: string, n: number): Period & { months: string[] } {
  const [year, month] = parts(day);
  const months = Array.from({ length: n }, (_, index) => iso(new Date(year, month - n + 1 + index, 1)).slice(0, 7));
  return { from: `${months[0]}-01`, to: iso(new Date(year, month + 1, 0)), label: `${n} months`, months };
}

export function lastMonday(day: string): string {
  const [year, month, date] = parts(day);
  const weekday = (new Date(year, month, date).getDay() + 6) % 7;
  return addDays(day, weekday === 0 ? -7 : -weekday);
}

/** The last day of the quarter before the one of the day. */
export function lastQuarterEnd(day: string): string {
  return addDays(quarterOf(day).from, -1);
}

/** The weeks of a month, Monday first, with null for the days of other months. */
export function monthGrid(year: number, month: number): (string | null)[] {
  const lead = (new Date(year, month, 1).getDay() + 6) % 7;
  const days = new Date(year, month + 1, 0).getDate();
  return [
    ...Array.from<null>({ length: lead }).fill(null),
    ...Array.from({ length: days }, (_, index) => iso(new Date(year, month, index + 1))),
  ];
}
