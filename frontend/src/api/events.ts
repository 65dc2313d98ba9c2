import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { client, dataOf } from "./client";
import type { EventPage } from "./types";

export function eventsQuery(filters: Record<string, string>, limit = 100) {
  return infiniteQueryOptions({
    queryKey: ["events", filters, limit],
    initialPageParam: null as string | null,
    placeholderData: keepPreviousData,
    getNextPageParam: (page: EventPage) => page.next_cursor,
    queryFn: ({ pageParam, signal }) =>
      dataOf(
        client.GET("/api/events", {
          params: { query: { ...filters, limit, ...(pageParam ? { cursor: pageParam } : {}) } },
          signal,
        }),
      ),
  });
}

export function eventQuery(eventId: string) {
  return queryOptions({
    queryKey: ["event", eventId],
    staleTime: 5_000,
    queryFn: ({ signal }) =>
      dataOf(
        client.GET("/api/events/{event_id}", { params: { path: { event_id: eventId } }, signal }),
      ),
  });
}

/** The exact bytes that were received. They never change, so they are kept for the visit. */
export function bodyQuery(eventId: string) {
  return queryOptions({
    queryKey: ["body", eventId],
    staleTime: Infinity,
    queryFn: async ({ signal }) => {
      const buffer = await dataOf<ArrayBuffer>(
        client.GET("/api/events/{event_id}/body", {
          params: { path: { event_id: eventId } },
          parseAs: "arrayBuffer",
          signal,
        }),
      );
      return new Uint8Array(buffer);
    },
  });
}
