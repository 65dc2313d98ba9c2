import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { client, dataOf } from "./client";
import { ApiError } from "./errors";
import type { Me } from "./types";

/** The person who is signed in; null when nobody is. */
export const meQuery = queryOptions({
  queryKey: ["me"],
  staleTime: 60_000,
  retry: false,
  queryFn: async ({ signal }): Promise<Me | null> => {
    try {
      return await dataOf(client.GET("/api/auth/me", { signal }));
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) return null;
      throw error;
    }
  },
});

export function useSignIn() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: { email: string; password: string; code?: string }) => dataOf(client.POST("/api/auth/login", { body })),
    onSuccess: () => queries.query({ ...meQuery, staleTime: 0 }),
  });
}

export function useSignInByLink() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: { token: string; code?: string }) => dataOf(client.POST("/api/auth/link", { body })),
    onSuccess: () => queries.query({ ...meQuery, staleTime: 0 }),
  });
}

export function useSignOut() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => dataOf(client.POST("/api/auth/logout", {})),
    onSuccess: () => {
      queries.clear();
      queries.setQueryData(meQuery.queryKey, null);
    },
  });
}

export function useSetPassword() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: { password: string; current?: string }) => dataOf(client.PUT("/api/auth/password", { body })),
    onSuccess: () => queries.query({ ...meQuery, staleTime: 0 }),
  });
}
