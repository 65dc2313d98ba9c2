import { infiniteQueryOptions, keepPreviousData, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { client, dataOf } from "./client";
import type { QuarantinePage } from "./types";

export function quarantineQuery(filters: Record<string, string>, limit = 100) {
  return infiniteQueryOptions({
    queryKey: ["quarantine", filters, limit],
    initialPageParam: null as string | null,
    placeholderData: keepPreviousData,
    refetchInterval: 30_000,
    getNextPageParam: (page: QuarantinePage) => page.next_cursor,
    queryFn: ({ pageParam, signal }) =>
      dataOf(
        client.GET("/api/quarantine", {
          params: { query: { ...filters, limit, ...(pageParam ? { cursor: pageParam } : {}) } },
          signal,
        }),
      ),
  });
}

/** What was done about the quarantine, the newest first. */
export const actionsQuery = queryOptions({
  queryKey: ["quarantine", "actions"],
  refetchInterval: 30_000,
  queryFn: ({ signal }) => dataOf(client.GET("/api/quarantine/actions", { params: { query: { limit: 20 } }, signal })),
});

/**
 * Whatever counts entries is asked again: the queue, its log, the sources' books, the event itself. It is not waited
 * for: the panel that acted may be gone with the answer, and then nobody would say what was done.
 */
function useRefresh() {
  const queries = useQueryClient();
  return () => {
    for (const key of ["quarantine", "sources", "source", "system", "event", "events"]) {
      void queries.invalidateQueries({ queryKey: [key] });
    }
  };
}

interface Group {
  filters: Record<string, string>;
  reason: string;
}

/** Takes the open entries that the filters name out of the queue. */
export function useIgnore() {
  return useMutation({
    mutationFn: ({ filters, reason }: Group) =>
      dataOf(client.POST("/api/quarantine/ignore", { params: { query: filters as never }, body: { reason } })),
    onSuccess: useRefresh(),
  });
}

/** Has the events of the open entries read again, by the mapping in force. */
export function useReplay() {
  return useMutation({
    mutationFn: ({ filters, reason }: Group) =>
      dataOf(client.POST("/api/quarantine/replay", { params: { query: filters as never }, body: { reason } })),
    onSuccess: useRefresh(),
  });
}

/** Posts a corrected copy that stands in for an event; the event's own bytes stay as they came. */
export function useCorrect() {
  return useMutation({
    mutationFn: ({ eventId, body, reason }: { eventId: string; body: string; reason: string }) =>
      dataOf(
        client.POST("/api/quarantine/events/{event_id}/correct", {
          params: { path: { event_id: eventId } },
          body: { body, reason },
        }),
      ),
    onSuccess: useRefresh(),
  });
}

export function useUndo() {
  return useMutation({
    mutationFn: (action: string) => dataOf(client.POST("/api/quarantine/undo", { body: { action, reason: "" } })),
    onSuccess: useRefresh(),
  });
}
