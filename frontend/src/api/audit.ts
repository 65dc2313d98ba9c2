import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { client, dataOf } from "./client";
import type { AuditPage } from "./types";

export interface AuditFilters {
  who?: string;
  action?: string;
  object?: string;
  since?: string;
  until?: string;
}

/** Who changed what, the newest first. */
export function auditQuery(filters: AuditFilters) {
  return infiniteQueryOptions({
    queryKey: ["audit", filters],
    initialPageParam: null as string | null,
    placeholderData: keepPreviousData,
    getNextPageParam: (page: AuditPage) => page.next_cursor,
    queryFn: ({ pageParam, signal }) =>
      dataOf(
        client.GET("/api/audit", { params: { query: { ...filters, limit: 50, ...(pageParam ? { cursor: pageParam } : {}) } }, signal }),
      ),
  });
}

/** The words for what can be done. */
export const auditActionsQuery = queryOptions({
  queryKey: ["audit", "actions"],
  staleTime: Infinity,
  queryFn: ({ signal }) => dataOf(client.GET("/api/audit/actions", { signal })),
});
