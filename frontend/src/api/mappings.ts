import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { client, dataOf } from "./client";

export const mappingsQuery = queryOptions({
  queryKey: ["mappings"],
  queryFn: ({ signal }) => dataOf(client.GET("/api/mappings", { signal })),
});

interface Name {
  scope: string;
  type: string;
}

const at = ({ scope, type }: Name) => ({ params: { path: { scope, record_type: type } } });

export function mappingQuery(name: Name) {
  return queryOptions({
    queryKey: ["mappings", name.scope, name.type],
    queryFn: ({ signal }) => dataOf(client.GET("/api/mappings/{scope}/{record_type}", { ...at(name), signal })),
  });
}

/** Every version that was applied, the newest first. */
export function versionsQuery(name: Name) {
  return queryOptions({
    queryKey: ["mappings", name.scope, name.type, "history"],
    queryFn: ({ signal }) => dataOf(client.GET("/api/mappings/{scope}/{record_type}/history", { ...at(name), signal })),
  });
}

// A document is YAML, so it goes as it was typed.
const document = (text: string) => ({
  body: text as never,
  bodySerializer: () => text,
  headers: { "Content-Type": "text/yaml" },
});

/** What a document would change, on real events; nothing is written. */
export function usePreview() {
  return useMutation({ mutationFn: (text: string) => dataOf(client.POST("/api/mappings/preview", document(text))) });
}

/** After a change records are read again, so whatever shows records or numbers is asked again. */
function useEverythingAnew() {
  const queries = useQueryClient();
  return () => void queries.invalidateQueries();
}

export function useApply() {
  return useMutation({
    mutationFn: (text: string) => dataOf(client.PUT("/api/mappings", document(text))),
    onSuccess: useEverythingAnew(),
  });
}

/** Goes back to a version; 0 is the shipped one. */
export function useRollback(name: Name) {
  return useMutation({
    mutationFn: (version: number) =>
      dataOf(client.POST("/api/mappings/{scope}/{record_type}/rollback", { ...at(name), body: { version } })),
    onSuccess: useEverythingAnew(),
  });
}
