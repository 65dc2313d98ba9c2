import { useQuery } from "@tanstack/react-query";
import { bridgeQuery, type BridgeParameters } from "@/api/bridge";
import { standingOf } from "@/lib/as-of";
import { drillTo, type Drill } from "@/lib/drill";
import { lastMonday, standingDay } from "@/lib/periods";
import { filterParameters } from "@/lib/search";
import { usePageSearch } from "@/lib/page-search";

export interface Span {
  from: string;
  to: string;
  /** The day that the page stands on: no later one can be asked for. */
  today: string;
  /** The second date is the page's own moment. */
  toStanding: boolean;
  /** The page is live, and so is the second date. */
  live: boolean;
}

function dayOf(value: unknown): string | undefined {
  return typeof value === "string" && /^\d{4}-\d{2}-\d{2}/.test(value) ? value.slice(0, 10) : undefined;
}

/** Both dates of the address. Without them, from last Monday to the moment of the page. */
export function useSpan(): Span {
  const search = usePageSearch();
  const { asOf } = standingOf(search);
  const today = standingDay(asOf);
  const asked = dayOf(search.to);
  const to = asked !== undefined && asked < today ? asked : today;
  return { from: dayOf(search.from) ?? lastMonday(to), to, today, toStanding: to === today, live: to === today && !asOf };
}

export function useBridgeParameters(): BridgeParameters {
  const search = usePageSearch();
  const { from, to } = useSpan();
  const known = standingOf(search).parameters.known_at;
  return { from, to, ...(known ? { known_at: known } : {}), filters: filterParameters(search) };
}

export function useBridge(by: string[] = []) {
  return useQuery(bridgeQuery({ ...useBridgeParameters(), ...(by.length > 0 ? { by } : {}) }));
}

/** The list of all deals that were open at one end, at that end's own date. */
export function endDrill(drill: string, end: "opening" | "closing", span: Span): Drill | null {
  const found = drillTo(drill, "open-pipeline");
  if (!found || (end === "closing" && span.live)) return found;
  return { ...found, search: { ...found.search, as_of: end === "opening" ? span.from : span.to } };
}
