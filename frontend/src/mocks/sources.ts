import { http, HttpResponse } from "msw";
import type { NewVerification, Policy, RecentRequest, WriteKey } from "@/api/types";
import { sources } from "./answers";

const HOUR = 3_600_000;
const at = (ms: number) => new Date(Date.now() + ms).toISOString();

export function writeKey(change: Partial<WriteKey> = {}): WriteKey {
  return {
    id: "key_1",
    ends: "c7e2",
    created_at: at(-250 * HOUR),
    created_by: "ada@aldermoor.example",
    entities: [],
    expires_at: null,
    last_used_at: at(-12_000),
    temporary: false,
    live: true,
    ...change,
  };
}

export function recentRequest(change: Partial<RecentRequest> = {}): RecentRequest {
  return {
    at: at(-2000),
    outcome: "accepted",
    status: 200,
    entity_type: "deal",
    events: 1,
    accepted: 1,
    duplicates: 0,
    rejected: 0,
    bytes: 508,
    event_id: "ev_00000000000000000000000001",
    reason: null,
    ...change,
  };
}

const REQUESTS = [
  recentRequest(),
  recentRequest({ at: at(-9000), outcome: "partial", events: 100, accepted: 98, rejected: 2, reason: "the id is longer than 256 characters" }),
  recentRequest({ at: at(-14_000), outcome: "duplicate", duplicates: 1 }),
  recentRequest({ at: at(-60_000), outcome: "unauthorized", status: 401, entity_type: "contact", events: 0, accepted: 0, event_id: "" }),
];

const missing = () => HttpResponse.json({ title: "Not found", status: 404, detail: "There is none." }, { status: 404 });

/** What was seen of deals lately. */
export const DRAFT = {
  events: 500,
  schema: {
    type: "object",
    required: ["id", "amount", "owner"],
    properties: { id: { type: "string" }, amount: { type: ["string", "null"] }, owner: { type: "object", properties: { email: { type: "string" } } } },
  },
};

const policy = (source: unknown, change: Partial<Policy> = {}): Policy => ({ source: String(source), paused: false, rate: null, verification: null, ...change });

/** What the API answers about sources, and how it takes what is done about them. */
export const sourceHandlers = [
  http.get("*/api/sources", () => HttpResponse.json({ items: sources() })),
  http.get("*/api/sources/:source", ({ params }) => {
    const source = sources().find((one) => one.source === params.source);
    if (!source) return new HttpResponse(null, { status: 404 });
    return HttpResponse.json({ ...source, keys: [writeKey()], requests: [] });
  }),
  http.put("*/api/sources/:source", async ({ params, request }) =>
    HttpResponse.json({ label: params.source, ...((await request.json()) as object), source: params.source }),
  ),
  http.post("*/api/microservices/ingest/:source/:word", () => HttpResponse.json({ accepted: 1, event_id: "ev_1" })),
  http.get("*/api/sources/:source/requests", () => HttpResponse.json({ items: REQUESTS, instance: 0 })),
  http.get("*/api/sources/:source/contracts", () => HttpResponse.json({ items: [] })),
  http.get("*/api/sources/:source/contracts/:word", missing),
  http.get("*/api/sources/:source/contracts/:word/draft", ({ params }) => (params.word === "deal" ? HttpResponse.json(DRAFT) : missing())),
  http.get("*/api/sources/:source/policy", ({ params }) => HttpResponse.json(policy(params.source))),
  http.post("*/api/sources/:source/pause", ({ params }) => HttpResponse.json(policy(params.source, { paused: true }))),
  http.post("*/api/sources/:source/resume", ({ params }) => HttpResponse.json(policy(params.source))),
  http.put("*/api/sources/:source/rate", async ({ params, request }) =>
    HttpResponse.json(policy(params.source, { rate: { burst: 500, ...((await request.json()) as { events_per_second: number }) } })),
  ),
  http.delete("*/api/sources/:source/rate", ({ params }) => HttpResponse.json(policy(params.source))),
  http.put("*/api/sources/:source/verification", async ({ params, request }) => {
    const { scheme, required, options = null } = (await request.json()) as NewVerification;
    const secrets = [{ id: "sec_1", created_at: at(0) }];
    return HttpResponse.json(policy(params.source, { verification: { scheme: scheme ?? "hmac", required, secrets, options } }));
  }),
  http.delete("*/api/sources/:source/verification", ({ params }) => HttpResponse.json(policy(params.source))),
  http.post("*/api/sources/:source/keys", ({ params }) =>
    HttpResponse.json({ id: "key_2", key: "sc_wk_preview", source: params.source, expires_at: null }, { status: 201 }),
  ),
  http.post("*/api/sources/:source/keys/:id/rotate", async ({ params, request }) => {
    const { grace_hours } = (await request.json()) as { grace_hours: number };
    const old_expires_at = at(grace_hours * HOUR);
    return HttpResponse.json({ id: "key_2", key: "sc_wk_next", source: params.source, expires_at: null, old_id: params.id, old_expires_at }, { status: 201 });
  }),
  http.delete("*/api/sources/:source/keys/:id", () => new HttpResponse(null, { status: 204 })),
];
