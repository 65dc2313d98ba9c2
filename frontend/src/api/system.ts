import { queryOptions } from "@tanstack/react-query";
import { client, dataOf } from "./client";

export const systemQuery = queryOptions({
  queryKey: ["system"],
  refetchInterval: 10_000,
  queryFn: ({ signal }) => dataOf(client.GET("/api/system", { signal })),
});
