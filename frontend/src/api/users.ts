import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { client, dataOf } from "./client";
import type { NewUser, UserChange } from "./types";

export const usersQuery = queryOptions({
  queryKey: ["users"],
  queryFn: ({ signal }) => dataOf(client.GET("/api/users", { signal })),
});

/** Adds a person and answers with the one-time link that signs them in. */
export function useAddUser() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: NewUser) =>
      dataOf(client.POST("/api/users", { body })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["users"] }),
  });
}

/** Gives a person another role or scope; it holds from their next request on. */
export function useChangeUser() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ id, ...body }: { id: string } & UserChange) =>
      dataOf(client.PATCH("/api/users/{id}", { params: { path: { id } }, body })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["users"] }),
  });
}

export function useRemoveUser() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => dataOf(client.DELETE("/api/users/{id}", { params: { path: { id } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["users"] }),
  });
}
