import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { client, dataOf } from "./client";
import type { BridgeDeals } from "./types";

export interface BridgeParameters {
  from: string;
  to: string;
  by?: string[];
  known_at?: string;
  /** `filter[field]` parameters by their whole name. */
  filters?: Record<string, string>;
}

/** Deals per request of the list behind a bar. */
const PAGE = 50;

/** Figures of other dates never stand under new ones: a new question shows nothing until its answer is here. */
export function bridgeQuery({ filters = {}, ...parameters }: BridgeParameters) {
  const query = { ...parameters, ...filters };
  return queryOptions({
    queryKey: ["bridge", query],
    queryFn: ({ signal }) => dataOf(client.GET("/api/metrics/bridge", { params: { query }, signal })),
  });
}

/** The deals of one bar, the largest change first; their changes add up to it. */
export function bridgeDealsQuery({ filters = {}, ...parameters }: BridgeParameters, movement: string, key?: string) {
  const query = { ...parameters, ...filters, movement, ...(key === undefined ? {} : { key: [key] }), limit: PAGE };
  return infiniteQueryOptions({
    queryKey: ["bridge-deals", query],
    initialPageParam: null as string | null,
    getNextPageParam: (page: BridgeDeals) => page.next_cursor,
    queryFn: ({ pageParam, signal }) =>
      dataOf(
        client.GET("/api/metrics/bridge/deals", {
          params: { query: { ...query, ...(pageParam ? { cursor: pageParam } : {}) } },
          signal,
        }),
      ),
  });
}
