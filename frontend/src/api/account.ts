import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { client, dataOf } from "./client";
import type { NewOwnToken } from "./types";

/** Asks again for what an action changed. */
function useRefresh(...keys: string[]): () => void {
  const queries = useQueryClient();
  return () => {
    for (const key of keys) void queries.invalidateQueries({ queryKey: [key] });
  };
}

export const sessionsQuery = queryOptions({
  queryKey: ["sessions"],
  queryFn: ({ signal }) => dataOf(client.GET("/api/auth/sessions", { signal })),
});

/** Where another person is signed in; for admins. */
export function userSessionsQuery(id: string) {
  return queryOptions({
    queryKey: ["sessions", id],
    queryFn: ({ signal }) => dataOf(client.GET("/api/users/{id}/sessions", { params: { path: { id } }, signal })),
  });
}

/** Ends a session, one's own or with `user` that of another. */
export function useEndSession(user?: string) {
  return useMutation({
    mutationFn: (session: string) =>
      dataOf(
        user === undefined
          ? client.DELETE("/api/auth/sessions/{id}", { params: { path: { id: session } } })
          : client.DELETE("/api/users/{id}/sessions/{session}", { params: { path: { id: user, session } } }),
      ),
    onSuccess: useRefresh("sessions"),
  });
}

export function useEndOtherSessions() {
  return useMutation({
    mutationFn: () => dataOf(client.DELETE("/api/auth/sessions", {})),
    onSuccess: useRefresh("sessions"),
  });
}

export const ownTokensQuery = queryOptions({
  queryKey: ["own-tokens"],
  queryFn: ({ signal }) => dataOf(client.GET("/api/auth/tokens", { signal })),
});

/** Answers with the secret, which is shown once. */
export function useMakeToken() {
  return useMutation({
    mutationFn: (body: NewOwnToken) => dataOf(client.POST("/api/auth/tokens", { body })),
    onSuccess: useRefresh("own-tokens"),
  });
}

export function useRevokeToken() {
  return useMutation({
    mutationFn: (id: string) => dataOf(client.DELETE("/api/auth/tokens/{id}", { params: { path: { id } } })),
    onSuccess: useRefresh("own-tokens"),
  });
}

export const secondFactorQuery = queryOptions({
  queryKey: ["second-factor"],
  queryFn: ({ signal }) => dataOf(client.GET("/api/auth/second-factor", { signal })),
});

/** Answers with the secret for the authenticator app; it counts once a code was confirmed. */
export function useBeginSecondFactor() {
  return useMutation({
    mutationFn: (password: string) => dataOf(client.POST("/api/auth/second-factor", { body: { password } })),
  });
}

/** Answers with the recovery codes, which are shown once. */
export function useConfirmSecondFactor() {
  return useMutation({
    mutationFn: (code: string) => dataOf(client.POST("/api/auth/second-factor/confirm", { body: { code } })),
    onSuccess: useRefresh("second-factor", "sessions", "users"),
  });
}

export function useRenewRecoveryCodes() {
  return useMutation({
    mutationFn: (code: string) => dataOf(client.POST("/api/auth/second-factor/recovery-codes", { body: { code } })),
    onSuccess: useRefresh("second-factor"),
  });
}

export function useRemoveSecondFactor() {
  return useMutation({
    mutationFn: (code: string) => dataOf(client.POST("/api/auth/second-factor/remove", { body: { code } })),
    onSuccess: useRefresh("second-factor", "users"),
  });
}

/** Takes it away for a person who lost phone and recovery codes; for admins. */
export function useResetSecondFactor() {
  return useMutation({
    mutationFn: (id: string) => dataOf(client.DELETE("/api/users/{id}/second-factor", { params: { path: { id } } })),
    onSuccess: useRefresh("users"),
  });
}
