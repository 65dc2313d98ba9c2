import { parseSearch, stringifySearch, without, type Search } from "./search";

/**
 * The way from a number to the bytes, kept in the address: `rows` is the query string of the list that was opened
 * (with the metric it came from), `field` the field that was followed.
 */
const NOT_ROWS = ["open", "as_of", "known", "rows", "field"];

/** The list's own query, without what belongs to the page. */
export function rowsOf(search: Record<string, unknown>): string | undefined {
  const text = stringifySearch(without(search, ...NOT_ROWS)).slice(1);
  return text === "" ? undefined : text;
}

export function searchOfRows(rows: string | undefined): Search {
  return rows ? parseSearch(rows) : {};
}
