import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { client, dataOf } from "./client";
import { ApiError, offlineError, toApiError } from "./errors";
import type { Contract, NewVerification, Policy } from "./types";

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

/** The last requests of a source, asked again every two seconds while the page is seen. */
export function requestsQuery(source: string) {
  return queryOptions({
    queryKey: ["source", source, "requests"],
    refetchInterval: 2000,
    queryFn: ({ signal }) =>
      dataOf(client.GET("/api/sources/{source}/requests", { params: { path: { source }, query: { limit: 100 } }, signal })),
  });
}

/** What a source asks of its posts; for admins only. */
export function policyQuery(source: string) {
  return queryOptions({
    queryKey: ["source", source, "policy"],
    queryFn: ({ signal }) => dataOf(client.GET("/api/sources/{source}/policy", { params: { path: { source } }, signal })),
  });
}

/** The contracts in force of a source, one for each word. */
export function contractsQuery(source: string) {
  return queryOptions({
    queryKey: ["source", source, "contracts"],
    queryFn: ({ signal }) => dataOf(client.GET("/api/sources/{source}/contracts", { params: { path: { source } }, signal })),
  });
}

/** Null where there is none. */
async function orNone<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}

/** The contract in force of a word; null without one. */
export function contractQuery(source: string, word: string) {
  return queryOptions({
    queryKey: ["source", source, "contracts", word],
    queryFn: ({ signal }) =>
      orNone(
        dataOf(
          client.GET("/api/sources/{source}/contracts/{entity_type}", { params: { path: { source, entity_type: word } }, signal }),
        ),
      ),
  });
}

/** What the newest events of a word all fit; null where none came. It reads the lake, so it is not asked again by itself. */
export function draftQuery(source: string, word: string) {
  return queryOptions({
    queryKey: ["draft", source, word],
    staleTime: 60_000,
    queryFn: ({ signal }) =>
      orNone(
        dataOf(
          client.GET("/api/sources/{source}/contracts/{entity_type}/draft", {
            params: { path: { source, entity_type: word }, query: { events: 500 } },
            signal,
          }),
        ),
      ),
  });
}

/** Whatever shows a source's keys, books or state is asked again. It is not waited for: who acted may be gone by then. */
function useRefresh() {
  const queries = useQueryClient();
  return (source: string) => {
    for (const queryKey of [["source", source], ["sources"]]) void queries.invalidateQueries({ queryKey });
  };
}

interface NewKey {
  source: string;
  kind?: string;
  entities?: string[];
  expiresAt?: string | null;
}

/** Makes a write key. The key itself is in this answer only. A source that isn't there is made. */
export function useCreateKey() {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: ({ source, kind, entities = [], expiresAt }: NewKey) =>
      dataOf(
        client.POST("/api/sources/{source}/keys", {
          params: { path: { source } },
          body: { ...(kind && { kind }), entities, temporary: false, ...(expiresAt && { expires_at: expiresAt }) },
        }),
      ),
    onSuccess: (_, { source }) => refresh(source),
  });
}

interface NewSource {
  source: string;
  kind: string;
  label: string;
}

/** Sets up a source and makes its first key, whose secret is in this answer only. */
export function useAddSource() {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: async ({ source, kind, label }: NewSource) => {
      const params = { path: { source } };
      await dataOf(client.PUT("/api/sources/{source}", { params, body: { kind, label: label || null } }));
      return dataOf(client.POST("/api/sources/{source}/keys", { params, body: { entities: [], temporary: false } }));
    },
    onSuccess: (_, { source }) => refresh(source),
  });
}

/**
 * Posts an event as a sender would, with a write key and without the session: a refused key must not look like a session
 * that has ended, so the client is not used.
 */
export function useSendEvent() {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: async ({ address, key, event }: { address: string; source: string; key: string; event: object }) => {
      const response = await fetch(address, {
        method: "POST",
        credentials: "omit",
        headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
        body: JSON.stringify(event),
      }).catch(() => {
        throw offlineError();
      });
      const answer: unknown = await response.json().catch(() => null);
      if (!response.ok) throw toApiError(response.status, answer);
      return answer;
    },
    onSuccess: (_, { source }) => refresh(source),
  });
}

/** Makes a key that may do what an old one may; the old one goes on working for the hours of grace. */
export function useRotateKey(source: string) {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: ({ id, graceHours }: { id: string; graceHours: number }) =>
      dataOf(
        client.POST("/api/sources/{source}/keys/{id}/rotate", {
          params: { path: { source, id } },
          body: { grace_hours: graceHours },
        }),
      ),
    onSuccess: () => refresh(source),
  });
}

export function useRevokeKey(source: string) {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: (id: string) =>
      dataOf(client.DELETE("/api/sources/{source}/keys/{id}", { params: { path: { source, id } } })),
    onSuccess: () => refresh(source),
  });
}

/** A change of what a source asks; the answer is the whole of it as it is then. */
function usePolicyChange<T>(source: string, change: (path: { params: { path: { source: string } } }, wanted: T) => Promise<Policy>) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (wanted: T) => change({ params: { path: { source } } }, wanted),
    onSuccess: (policy) => queries.setQueryData(policyQuery(source).queryKey, policy),
  });
}

/** Has a source's posts answered 503, so that senders keep them, or takes them again. */
export function usePause(source: string) {
  return usePolicyChange<boolean>(source, (at, paused) =>
    dataOf(paused ? client.POST("/api/sources/{source}/pause", at) : client.POST("/api/sources/{source}/resume", at)),
  );
}

/** Limits how much a source sends; null lifts the limit. */
export function useRate(source: string) {
  return usePolicyChange<{ events_per_second: number; burst: number | null } | null>(source, (at, body) =>
    dataOf(body ? client.PUT("/api/sources/{source}/rate", { ...at, body }) : client.DELETE("/api/sources/{source}/rate", at)),
  );
}

/** Has posts proven by a signature; null takes keys only and forgets the secrets. */
export function useVerification(source: string) {
  return usePolicyChange<NewVerification | null>(source, (at, body) =>
    dataOf(
      body
        ? client.PUT("/api/sources/{source}/verification", { ...at, body })
        : client.DELETE("/api/sources/{source}/verification", at),
    ),
  );
}

/** Accepts a second signing secret beside the first. */
export function useAddSecret(source: string) {
  return usePolicyChange<string>(source, (at, secret) =>
    dataOf(client.POST("/api/sources/{source}/verification/secrets", { ...at, body: { secret } })),
  );
}

export function useRemoveSecret(source: string) {
  return usePolicyChange<string>(source, (_, id) =>
    dataOf(client.DELETE("/api/sources/{source}/verification/secrets/{id}", { params: { path: { source, id } } })),
  );
}

interface NewContract {
  word: string;
  schema: Contract["schema"];
  action: Contract["action"];
}

/** Puts a contract in force, as the next version. */
export function useApplyContract(source: string) {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: ({ word, schema, action }: NewContract) =>
      dataOf(
        client.PUT("/api/sources/{source}/contracts/{entity_type}", {
          params: { path: { source, entity_type: word } },
          body: { schema, action },
        }),
      ),
    onSuccess: () => refresh(source),
  });
}

/** Puts an earlier version in force again; without one, the contract goes out of force. */
export function useRevertContract(source: string) {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: ({ word, version }: { word: string; version: number | null }): Promise<unknown> => {
      const params = { path: { source, entity_type: word } };
      return version === null
        ? dataOf(client.DELETE("/api/sources/{source}/contracts/{entity_type}", { params }))
        : dataOf(client.POST("/api/sources/{source}/contracts/{entity_type}/rollback", { params, body: { version } }));
    },
    onSuccess: () => refresh(source),
  });
}
