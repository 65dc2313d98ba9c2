import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { client, dataOf } from "./client";
import type { RecordPage } from "./types";

export interface RecordParameters {
  q?: string | undefined;
  sort?: string | undefined;
  as_of?: string;
  known_at?: string;
  filters?: Record<string, string>;
}

/** Rows per request of the endless list. */
const PAGE = 100;

export function recordsQuery(type: string, { filters = {}, ...parameters }: RecordParameters = {}, limit = PAGE) {
  const query = { ...parameters, ...filters, limit };
  return infiniteQueryOptions({
    queryKey: ["records", type, query],
    initialPageParam: null as string | null,
    placeholderData: keepPreviousData,
    getNextPageParam: (page: RecordPage) => page.next_cursor,
    queryFn: ({ pageParam, signal }) =>
      dataOf(
        client.GET("/api/records/{type}", {
          params: { path: { type }, query: { ...query, ...(pageParam ? { cursor: pageParam } : {}) } },
          signal,
        }),
      ),
  });
}

/** `standing` is the moment to look at: as_of and known_at, or nothing for now. */
export function recordQuery(type: string, canonicalId: string, standing: { as_of?: string; known_at?: string } = {}) {
  return queryOptions({
    queryKey: ["record", type, canonicalId, standing],
    staleTime: 5_000,
    queryFn: ({ signal }) =>
      dataOf(
        client.GET("/api/records/{type}/{canonical_id}", {
          params: { path: { type, canonical_id: canonicalId }, query: standing },
          signal,
        }),
      ),
  });
}

/** The few best matches by name, for the palette. */
export function findRecordsQuery(type: string, q: string) {
  return queryOptions({
    queryKey: ["find", type, q],
    staleTime: 30_000,
    queryFn: ({ signal }) =>
      dataOf(
        client.GET("/api/records/{type}", { params: { path: { type }, query: { q, limit: 4 } }, signal }),
      ),
  });
}
