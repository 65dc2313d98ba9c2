import { infiniteQueryOptions, keepPreviousData } from "@tanstack/react-query";
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
