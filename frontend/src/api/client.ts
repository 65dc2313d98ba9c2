import createClient, { type Middleware } from "openapi-fetch";
import type { paths } from "./schema.gen";
import { ApiError, offlineError, toApiError } from "./errors";

/** Repeats lists (`by=stage&by=owner`) and leaves out what is not given. */
function serialize(query: Record<string, unknown>): string {
  const parameters = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    const values = Array.isArray(value) ? value : [value];
    for (const one of values) if (one !== undefined && one !== null && one !== "") parameters.append(key, String(one));
  }
  return parameters.toString();
}

const signedOut = new Set<() => void>();

/** Called when the API says that the session has ended. */
export function onSignedOut(listener: () => void): () => void {
  signedOut.add(listener);
  return () => signedOut.delete(listener);
}

async function readBody(response: Response): Promise<unknown> {
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    // A proxy's page instead of problem+json: the status alone is told.
    return null;
  }
}

const problems: Middleware = {
  async onResponse({ response, schemaPath }) {
    if (response.ok) return;
    const error = toApiError(response.status, await readBody(response));
    if (response.status === 401 && !schemaPath.startsWith("/api/auth/")) for (const listener of signedOut) listener();
    throw error;
  },
  onError({ error }) {
    return error instanceof ApiError || (error instanceof Error && error.name === "AbortError") ? error : offlineError();
  },
};

export const client = createClient<paths>({
  baseUrl: typeof location === "undefined" ? "http://localhost" : location.origin,
  querySerializer: serialize,
  fetch: (request) => fetch(request),
});
client.use(problems);

/** The data of an answer; refusals were thrown before. */
export async function dataOf<T>(answer: Promise<{ data?: T }>): Promise<T> {
  return (await answer).data as T;
}
