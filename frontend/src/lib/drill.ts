import { NOUNS, isRecordType } from "./nouns";
import { parseSearch, type Search } from "./search";

export interface Drill {
  /** The path segment of the list, `opportunities`. */
  type: string;
  search: Search;
}

/**
 * Not part of a list's address here. The moment is the page's own: a live number opens a live list, and a past page
 * keeps its day by itself.
 */
const NOT_OURS = ["limit", "cursor", "as_of", "known_at"];

/**
 * The list page behind a number: the API's drill URL with its own parameters kept, and the metric named so that the way
 * back to the number stays known.
 */
export function drillTo(drill: string, metric?: string): Drill | null {
  const [path = "", query = ""] = drill.split("?");
  const type = path.split("/").filter(Boolean).pop() ?? "";
  if (!isRecordType(type)) return null;
  const kept = Object.entries(parseSearch(query)).filter(([key]) => !NOT_OURS.includes(key));
  return { type: NOUNS[type].path, search: { ...Object.fromEntries(kept), ...(metric ? { metric } : {}) } };
}
