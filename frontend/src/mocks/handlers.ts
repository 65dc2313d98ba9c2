import { http, HttpResponse } from "msw";
import type { AuditEntry, Me, OwnSession, OwnToken, RecordItem, System } from "@/api/types";
import { sha256 } from "@/lib/json-bytes";
import { detailOf, listOf, metricOf } from "./answers";
import { bridgeDealsOf, bridgeOf } from "./bridge";
import { INVOICE_METRICS, invoiceMetric, TRADE } from "./trade";
import { ACCOUNT_ITEMS, BODY, CONTACT_ITEMS, DEALS, eventOf } from "./company";
import { mappingHandlers } from "./mappings";
import { sourceHandlers } from "./sources";

export const ME: Me = { id: "usr_1", email: "ada@aldermoor.example", name: "Ada Brandt", role: "admin", scope: "all", needs_password: false };

const RECORDS: Record<string, RecordItem[]> = { opportunity: DEALS, account: ACCOUNT_ITEMS, contact: CONTACT_ITEMS, ...TRADE };

function metric(slug: string, label: string, meaning: string, formula: string, unit: string, date_field: string | null) {
  return { slug, label, meaning, formula, unit, date_field, grain: "deal", record_type: "opportunity", parts: [], dimensions: ["stage", "owner", "team", "source", "month"], owner: "Revenue operations" };
}

const METRICS = [
  metric("open-pipeline", "Open pipeline", "What all open deals are worth together.", "sum of amount of open deals", "currency", "close_date"),
  metric("weighted-pipeline", "Weighted pipeline", "Open deals times how likely each is won.", "sum of amount × probability", "currency", "close_date"),
  metric("won-value", "Won value", "What won deals were worth.", "sum of amount of won deals", "currency", "close_date"),
  metric("won-count", "Won deals", "How many deals were won.", "count of won deals", "count", "close_date"),
  metric("win-rate", "Win rate", "How many of the closed deals were won.", "won ÷ (won + lost)", "fraction", "close_date"),
  metric("opportunity-count", "Opportunities", "How many deals there are.", "count of deals", "count", "created_at"),
];

const SPAN = { first_at: "2026-11-09T11:20:00.000000Z", last_at: "2026-11-25T09:38:00.000000Z" };
const REASONS = [
  { source: "hubspot", record_type: "opportunity", field: "close_date", reason: "not a date", count: 61, samples: ["31/31/2026"], ...SPAN },
  { source: "odoo", record_type: "opportunity", field: "amount", reason: "not a number", count: 34, samples: ["12,5k"], ...SPAN },
  { source: "odoo", record_type: "order", field: "amount", reason: "not a number", count: 3, samples: ["12,5k"], ...SPAN },
  { source: "odoo", record_type: "opportunity", field: "", reason: "no id, or a broken text", count: 2, samples: ["{"], ...SPAN },
  { source: "pipedrive", record_type: "opportunity", field: "currency", reason: "not an ISO 4217 code", count: 9, samples: ["EURO"], ...SPAN },
];

const QUARANTINE = REASONS.flatMap((group, index) =>
  DEALS.slice(index * 8, index * 8 + 8).map((deal) => ({
    event_id: eventOf(deal).event_id,
    source: group.source,
    record_type: group.record_type,
    source_id: deal.source_id,
    field: group.field,
    value: group.field === "amount" ? "12,5k" : "31/31/2026",
    reason: group.reason,
    mapping_version: 1,
    state: "open",
    action: null,
    at: deal.updated_at,
  })),
);

const ACTION = {
  id: "qua_0001",
  action: "ignore",
  target: "source=odoo, reason=not a number",
  reason: "test data",
  actor: ME.email,
  at: "2026-11-25T10:00:00.000000Z",
  before: { open: 12 },
  after: { open: 0, ignored: 12 },
};
const ACTIONS = [{ ...ACTION, undoes: null, undone: false }];

const AUDIT: AuditEntry[] = [
  {
    id: "aud_019ad7a0c1d25f0c2a9e1b7d",
    at: "2026-11-25T10:00:00.000000Z",
    who: { id: ME.id, name: ME.email, role: "admin", via: "session", token: "" },
    action: "change user",
    method: "PATCH",
    path: "/api/users/usr_2",
    request_id: "5b1e77c0aa11bb22",
    outcome: "done",
    status: 200,
    changes: [
      {
        noun: "user",
        id: "usr_2",
        before: { email: "grace@aldermoor.example", role: "manager", scope: "team" },
        after: { email: "grace@aldermoor.example", role: "rep", scope: "own" },
      },
    ],
    left_out: 0,
  },
  {
    id: "aud_019ad7a0c1d15f0c2a9e1b7d",
    at: "2026-11-25T09:00:00.000000Z",
    who: { id: "control", name: "salescommand", role: "admin", via: "control", token: "" },
    action: "apply mapping",
    method: "PUT",
    path: "/api/mappings",
    request_id: "5b1e77c0aa11bb23",
    outcome: "failed",
    status: 503,
    changes: [{ noun: "mapping", id: "crm/opportunity", before: null, after: { version: 1, text: "source: crm\nrecord_type: opportunity" } }],
    left_out: 2,
  },
];

const SESSION: OwnSession = {
  id: "ses_1",
  started_at: "2026-11-24T09:00:00.000000Z",
  last_used_at: new Date().toISOString(),
  by_link: false,
  place: "192.0.2.7",
  agent: "Mozilla/5.0 (X11; Linux x86_64; rv:146.0) Gecko/20100101 Firefox/146.0",
  current: true,
};
const SESSIONS: OwnSession[] = [
  SESSION,
  { ...SESSION, id: "ses_2", place: "198.51.100.4", agent: "curl/8.5.0", by_link: true, current: false },
];
const TOKENS: OwnToken[] = [
  {
    id: "tok_1",
    name: "notebook",
    role: "admin",
    ends_with: "x9Qf",
    created_at: "2026-11-24T09:00:00.000000Z",
    created_by: ME.id,
    owner: ME.id,
    rights: "read",
    expires_at: new Date(Date.now() + 9e8).toISOString(),
    last_used_at: null,
  },
];

const SYSTEM: System = {
  version: "0.1.0",
  schema: { have: 1, need: 1, differences: [] },
  lake: { driver: "embedded", state: "connected", error: null },
  zones: [
    { zone: "raw", table: "raw_events", rows: 20_561, bytes: 9_420_113 },
    { zone: "canonical", table: "opportunity_changes", rows: 8_302, bytes: 2_204_131 },
    { zone: "canonical", table: "account_changes", rows: 4_907, bytes: 1_104_009 },
    { zone: "canonical", table: "contact_changes", rows: 3_828, bytes: 900_104 },
    { zone: "serving", table: "serving_views", rows: 1_466, bytes: 88_104 },
  ],
  books: null,
  jobs: [
    { name: "loader", state: "idle", last_run_at: new Date().toISOString(), detail: "batch of 311" },
    { name: "worker", state: "running", last_run_at: new Date().toISOString(), detail: "0 behind" },
  ],
  stores: { mongo: "connected", redis: "connected" },
};

function eventById(id: string) {
  for (const records of Object.values(RECORDS)) {
    for (const record of records) for (let index = 0; index < 4; index += 1) if (eventOf(record, index).event_id === id) return eventOf(record, index);
  }
  return null;
}

export function problem(status: number, title: string, detail: string, hint: string | null = null) {
  return HttpResponse.json(
    { type: "about:blank", title, status, detail, instance: "/", hint, request_id: "5b1e77c0" },
    { status, headers: { "content-type": "application/problem+json" } },
  );
}

const missing = () => problem(404, "Not found", "There is nothing at this address.");
const url = (request: Request) => new URL(request.url).searchParams;

export const handlers = [
  http.get("*/api/auth/me", () => HttpResponse.json(ME)),
  http.post("*/api/auth/login", () => HttpResponse.json({ user: ME, needs_password: false })),
  http.post("*/api/auth/link", () => HttpResponse.json({ user: ME, needs_password: true })),
  http.post("*/api/auth/logout", () => new HttpResponse(null, { status: 204 })),
  http.put("*/api/auth/password", () => new HttpResponse(null, { status: 204 })),
  http.get("*/api/settings", () => HttpResponse.json({ reporting_currency: "USD" })),
  http.get("*/api/metrics", () => HttpResponse.json({ items: METRICS })),
  http.get("*/api/metrics/bridge", ({ request }) => HttpResponse.json(bridgeOf(url(request)))),
  http.get("*/api/metrics/bridge/deals", ({ request }) => HttpResponse.json(bridgeDealsOf(url(request)))),
  http.get("*/api/metrics/:slug", ({ params, request }) => {
    const slug = String(params.slug);
    return HttpResponse.json((INVOICE_METRICS.includes(slug) ? invoiceMetric : metricOf)(slug, url(request)));
  }),
  http.get("*/api/records/:type", ({ params, request }) => {
    const items = RECORDS[String(params.type)];
    return items ? HttpResponse.json(listOf(items, url(request))) : missing();
  }),
  http.get("*/api/records/:type/:id", ({ params }) => {
    const record = RECORDS[String(params.type)]?.find((one) => one.canonical_id === params.id);
    return record ? HttpResponse.json(detailOf(record)) : missing();
  }),
  http.get("*/api/events", ({ request }) => {
    const source = url(request).get("filter[source]")?.split(",");
    const id = url(request).get("filter[source_id]");
    const found = DEALS.filter((deal) => (!source || source.includes(deal.source)) && (!id || deal.source_id === id));
    const events = id ? found.flatMap((deal) => [0, 1, 3].map((index) => eventOf(deal, index))) : found.map((deal) => eventOf(deal));
    return HttpResponse.json({ items: events.slice(0, Number(url(request).get("limit") ?? 50)), next_cursor: null });
  }),
  http.get("*/api/events/:id", async ({ params }) => {
    const event = eventById(String(params.id));
    if (!event) return missing();
    return HttpResponse.json({ ...event, body_sha256: (await sha256(new TextEncoder().encode(BODY))) ?? "" });
  }),
  http.get("*/api/events/:id/body", () => new HttpResponse(BODY, { headers: { "content-type": "application/json" } })),
  http.get("*/api/quarantine", ({ request }) => {
    const query = url(request);
    const items = QUARANTINE.filter((item) =>
      (["source", "record_type", "field", "reason"] as const).every(
        (key) =>
          (query.get(`filter[${key}][empty]`) !== "true" || item[key] === "") &&
          (!query.get(`filter[${key}]`) || query.get(`filter[${key}]`)?.replaceAll("\\,", ",") === item[key]),
      ),
    );
    return HttpResponse.json({ items, next_cursor: null, total: items.length, groups: REASONS });
  }),
  http.get("*/api/quarantine/actions", () => HttpResponse.json({ items: ACTIONS })),
  ...(["ignore", "replay", "undo"] as const).map((action) =>
    http.post(`*/api/quarantine/${action}`, async ({ request }) => {
      const { reason = "" } = (await request.json()) as { reason?: string };
      return HttpResponse.json({ ...ACTION, action, reason }, { status: action === "ignore" ? 200 : 202 });
    }),
  ),
  http.post("*/api/quarantine/events/:id/correct", () => HttpResponse.json({ ...ACTION, action: "correct" }, { status: 202 })),
  ...sourceHandlers,
  http.get("*/api/system", () => HttpResponse.json(SYSTEM)),
  ...mappingHandlers,
  http.get("*/api/jobs", () => HttpResponse.json({ items: [] })),
  http.get("*/api/audit", ({ request }) => {
    const query = url(request);
    const items = AUDIT.filter((entry) => (!query.get("action") || entry.action === query.get("action")) && (!query.get("who") || entry.who.name === query.get("who")));
    return HttpResponse.json({ items, next_cursor: null });
  }),
  http.get("*/api/audit/actions", () => HttpResponse.json({ items: ["apply mapping", "change user"] })),
  http.get("*/api/auth/sessions", () => HttpResponse.json({ items: SESSIONS })),
  http.delete("*/api/auth/sessions", () => new HttpResponse(null, { status: 204 })),
  http.delete("*/api/auth/sessions/:id", () => new HttpResponse(null, { status: 204 })),
  http.get("*/api/auth/tokens", () => HttpResponse.json({ items: TOKENS })),
  http.post("*/api/auth/tokens", async ({ request }) => HttpResponse.json({ id: "tok_2", token: "sc_pat_preview", ...((await request.json()) as object) }, { status: 201 })),
  http.delete("*/api/auth/tokens/:id", () => new HttpResponse(null, { status: 204 })),
  http.get("*/api/auth/second-factor", () => HttpResponse.json({ on: false, since: null, recovery_codes_left: 0 })),
  http.post("*/api/auth/second-factor", () => HttpResponse.json({ secret: "JBSWY3DPEHPK3PXP", uri: "otpauth://totp/SalesCommand:ada?secret=JBSWY3DPEHPK3PXP" }, { status: 201 })),
  http.post("*/api/auth/second-factor/confirm", () => HttpResponse.json({ recovery_codes: ["abcd-efgh-jkmn-pqrs"] })),
  http.get("*/api/users/:id/sessions", () => HttpResponse.json({ items: SESSIONS.filter((one) => !one.current) })),
  http.get("*/api/users", () => HttpResponse.json({ items: [{ ...ME, second_factor: false, created_at: new Date().toISOString(), last_sign_in_at: new Date().toISOString() }] })),
  http.patch("*/api/users/:id", async ({ request }) => HttpResponse.json({ ...ME, ...((await request.json()) as object) })),
  http.post("*/api/users", () => HttpResponse.json({ user: ME, link: "http://localhost:3000/sign-in?token=preview" }, { status: 201 })),
];
