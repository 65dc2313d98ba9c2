/**
 * The address bar as state. Search parameters are flat strings with the API's own names
 * (`filter[stage]=Proposal`, `sort=-amount`, `as_of=2026-09-01`), so that the drill of a number is a page's address too.
 */

export type Search = Record<string, string>;

export function parseSearch(text: string): Search {
  const search: Search = {};
  for (const [key, value] of new URLSearchParams(text)) if (value !== "") search[key] = value;
  return search;
}

/** Brackets, commas and colons stay readable: all are allowed in a query. */
export function stringifySearch(search: Record<string, unknown>): string {
  const parameters = new URLSearchParams();
  for (const [key, value] of Object.entries(search)) {
    if (typeof value === "string" && value !== "") parameters.append(key, value);
    else if (typeof value === "number" || typeof value === "boolean") parameters.append(key, String(value));
  }
  const text = parameters
    .toString()
    .replaceAll("%5B", "[")
    .replaceAll("%5D", "]")
    .replaceAll("%2C", ",")
    .replaceAll("%3A", ":");
  return text === "" ? "" : `?${text}`;
}

const OPERATORS = ["gte", "lte", "gt", "lt", "ne", "contains", "empty"] as const;
type Operator = (typeof OPERATORS)[number];

export interface Filter {
  /** The parameter's whole name, `filter[close_date][gte]`. */
  key: string;
  field: string;
  /** Null means "any of these values". */
  operator: Operator | null;
  value: string;
}

const FILTER = /^filter\[([\w.]+)\](?:\[(\w+)\])?$/;

export function filterKey(field: string, operator: Operator | null = null): string {
  return operator ? `filter[${field}][${operator}]` : `filter[${field}]`;
}

/** The filters of an address, in the order in which they stand there. */
export function filtersOf(search: Record<string, unknown>): Filter[] {
  const filters: Filter[] = [];
  for (const [key, value] of Object.entries(search)) {
    const match = FILTER.exec(key);
    if (!match || typeof value !== "string") continue;
    const operator = OPERATORS.find((o) => o === match[2]) ?? null;
    if (match[2] && !operator) continue;
    filters.push({ key, field: match[1] ?? "", operator, value });
  }
  return filters;
}

/** Only the filter parameters, ready to be passed to the API. */
export function filterParameters(search: Record<string, unknown>): Search {
  return Object.fromEntries(filtersOf(search).map((filter) => [filter.key, filter.value]));
}

/** Splits "any of these": commas between values, a backslash before a comma that belongs to one. */
export function splitValues(text: string): string[] {
  const values: string[] = [];
  let current = "";
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index] ?? "";
    if (character === "\\" && index + 1 < text.length) {
      index += 1;
      current += text[index] ?? "";
    } else if (character === ",") {
      values.push(current);
      current = "";
    } else {
      current += character;
    }
  }
  return [...values, current];
}

export function joinValues(values: readonly string[]): string {
  return values.map((value) => value.replaceAll("\\", "\\\\").replaceAll(",", "\\,")).join(",");
}

/** The values of "any of" for a field. */
export function valuesOf(search: Record<string, unknown>, field: string): string[] {
  const value = search[filterKey(field)];
  return typeof value === "string" && value !== "" ? splitValues(value) : [];
}

/** Adds or takes a value of a field; an empty list removes the parameter. */
export function toggleValue(search: Record<string, unknown>, field: string, value: string): Record<string, unknown> {
  const values = valuesOf(search, field);
  const next = values.includes(value) ? values.filter((v) => v !== value) : [...values, value];
  return { ...search, [filterKey(field)]: next.length > 0 ? joinValues(next) : undefined };
}

export function without(search: Record<string, unknown>, ...keys: string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(search).filter(([key]) => !keys.includes(key)));
}

export function withoutFilters(search: Record<string, unknown>): Record<string, unknown> {
  return without(search, ...filtersOf(search).map((filter) => filter.key));
}
