import { queryOptions } from "@tanstack/react-query";
import { client, dataOf } from "./client";
import type { System } from "./types";

export const systemQuery = queryOptions({
  queryKey: ["system"],
  refetchInterval: 10_000,
  queryFn: ({ signal }) => dataOf<System>(client.GET("/api/system", { signal })),
});
