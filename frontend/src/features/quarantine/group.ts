import type { QuarantineGroup } from "@/api/types";
import { filterKey, filtersOf, joinValues, without } from "@/lib/search";

/** What makes a group: its entries share all four. */
const FIELDS = ["source", "record_type", "field", "reason"] as const;
export const STATE = filterKey("state");
const KEYS = [...FIELDS.flatMap((field) => [filterKey(field), filterKey(field, "empty")]), filterKey("event_id")];

/** The filters that name the entries of a group and no others. An empty value is no value to be equal to. */
export function filtersOfGroup(group: QuarantineGroup): Record<string, string> {
  return Object.fromEntries(
    FIELDS.map((field) =>
      group[field] === "" ? [filterKey(field, "empty"), "true"] : [filterKey(field), joinValues([group[field]])],
    ),
  );
}

export function keyOf(group: QuarantineGroup): string {
  return JSON.stringify(FIELDS.map((field) => group[field]));
}

/** Is this group what the address asks for? */
export function isChosen(group: QuarantineGroup, search: Record<string, unknown>): boolean {
  return Object.entries(filtersOfGroup(group)).every(([key, value]) => search[key] === value);
}

/** The address with a group chosen, or with none. */
export function choose(search: Record<string, unknown>, group: QuarantineGroup | null): Record<string, unknown> {
  const rest = without(search, ...KEYS);
  return group ? { ...rest, ...filtersOfGroup(group) } : rest;
}

/** The filters of the address that the queue knows. */
export function filtersOfSearch(search: Record<string, unknown>): Record<string, string> {
  const known = new Set([...KEYS, STATE]);
  return Object.fromEntries(filtersOf(search).flatMap((one) => (known.has(one.key) ? [[one.key, one.value]] : [])));
}
