import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { client, dataOf } from "./client";

export const sourcesQuery = queryOptions({
  queryKey: ["sources"],
  refetchInterval: 10_000,
  queryFn: ({ signal }) => dataOf(client.GET("/api/sources", { signal })),
});

export function sourceQuery(source: string) {
  return queryOptions({
    queryKey: ["source", source],
    refetchInterval: 10_000,
    queryFn: ({ signal }) =>
      dataOf(client.GET("/api/sources/{source}", { params: { path: { source } }, signal })),
  });
}

/** Makes a write key. The key itself is in this answer only. */
export function useCreateKey() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ source, kind }: { source: string; kind?: string }) =>
      dataOf(
        client.POST("/api/sources/{source}/keys", {
          params: { path: { source } },
          body: { ...(kind && { kind }), entities: [], temporary: false },
        }),
      ),
    onSuccess: (_, { source }) =>
      Promise.all([
        queries.invalidateQueries({ queryKey: ["source", source] }),
        queries.invalidateQueries({ queryKey: ["sources"] }),
      ]),
  });
}

export function useRevokeKey(source: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (id: string) =>
      dataOf(client.DELETE("/api/sources/{source}/keys/{id}", { params: { path: { source, id } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["source", source] }),
  });
}
