import { queryOptions } from "@tanstack/react-query";
import { client, dataOf } from "./client";

export const settingsQuery = queryOptions({
  queryKey: ["settings"],
  staleTime: 5 * 60_000,
  queryFn: ({ signal }) => dataOf(client.GET("/api/settings", { signal })),
});
