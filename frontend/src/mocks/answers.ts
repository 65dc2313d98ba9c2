import type { Books, MetricResult, RecordDetail, RecordItem, SourceItem } from "@/api/types";
import { filtersOf, splitValues } from "@/lib/search";
import { DEALS, dayFromNow, eventOf, SOURCES, type Deal } from "./company";

/** Answers of the API computed from the made-up company, so that drills and sums agree. */

function fieldOf(item: RecordItem, field: string): string | null {
  if (field === "owner") return (item as Deal).owner;
  if (field === "team") return (item as Deal).team;
  if (field === "source") return item.source;
  if (field === "updated_at") return item.updated_at;
  if (field === "value") return item.value ?? null;
  if (field === "month") return String(item.fields.close_date ?? "").slice(0, 7);
  const value = item.fields[field];
  return value === null || value === undefined ? null : String(value);
}

function matches(item: RecordItem, query: URLSearchParams): boolean {
  const q = query.get("q")?.toLowerCase();
  if (q && !item.title.toLowerCase().includes(q)) return false;
  return filtersOf(Object.fromEntries(query)).every(({ field, operator, value }) => {
    const own = fieldOf(item, field);
    if (operator === "empty") return (own === null) === (value === "true");
    if (own === null) return false;
    if (operator === "gte") return own >= value;
    if (operator === "lte") return own <= value;
    if (operator === "contains") return own.toLowerCase().includes(value.toLowerCase());
    return operator === "ne" ? own !== value : splitValues(value).includes(own);
  });
}

export function listOf(items: RecordItem[], query: URLSearchParams) {
  const found = items.filter((item) => matches(item, query));
  const sort = query.get("sort") ?? "-updated_at";
  const key = sort.replace("-", "");
  const numeric = key === "value" || key === "amount" || key === "employees" || key === "quality_score";
  found.sort((a, b) => {
    const left = fieldOf(a, key) ?? "";
    const right = fieldOf(b, key) ?? "";
    const order = numeric ? Number(left) - Number(right) : left.localeCompare(right);
    return sort.startsWith("-") ? -order : order;
  });
  const limit = Number(query.get("limit") ?? 50);
  const start = Number(query.get("cursor") ?? 0);
  const end = start + limit;
  return { items: found.slice(start, end), next_cursor: end < found.length ? String(end) : null, total: found.length };
}

const STATUS_OF: Record<string, string[]> = {
  "open-pipeline": ["open"],
  "weighted-pipeline": ["open"],
  "won-value": ["won"],
  "won-count": ["won"],
  "win-rate": ["won", "lost"],
};
const COUNTS = ["opportunity-count", "won-count"];

function valueOf(slug: string, deals: Deal[]): string | number | null {
  if (COUNTS.includes(slug)) return deals.length;
  if (slug === "win-rate") {
    const won = deals.filter((deal) => deal.fields.status === "won").length;
    return deals.length ? (won / deals.length).toFixed(6) : null;
  }
  const cents = deals.reduce((sum, deal) => {
    const own = Math.round(Number(deal.value ?? 0) * 100);
    return sum + (slug === "weighted-pipeline" ? Math.round(own * Number(deal.probability)) : own);
  }, 0);
  return `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, "0")}`;
}

function drillOf(slug: string, query: URLSearchParams, key: Record<string, string | null> = {}): string {
  const drill = new URLSearchParams();
  for (const [name, value] of query) if (name.startsWith("filter")) drill.set(name, value);
  const status = STATUS_OF[slug];
  if (status && !drill.has("filter[status]")) drill.set("filter[status]", status.join(","));
  if (query.get("from")) drill.set("filter[close_date][gte]", query.get("from") ?? "");
  if (query.get("to")) drill.set("filter[close_date][lte]", query.get("to") ?? "");
  for (const [field, value] of Object.entries(key)) drill.set(value === null ? `filter[${field}][empty]` : `filter[${field}]`, value ?? "true");
  return `/api/records/opportunity?${drill}`;
}

export function metricOf(slug: string, query: URLSearchParams): Record<string, unknown> {
  const drill = drillOf(slug, query);
  const deals = DEALS.filter((deal) => matches(deal, new URLSearchParams(drill.split("?")[1])));
  const by = query.getAll("by");
  const groups = new Map<string, Deal[]>();
  if (by.length > 0) {
    for (const deal of deals) {
      const key = JSON.stringify(Object.fromEntries(by.map((field) => [field, fieldOf(deal, field)])));
      groups.set(key, [...(groups.get(key) ?? []), deal]);
    }
  }
  const unpriced = (list: Deal[]) => list.filter((deal) => deal.value === null).length;
  const unit = COUNTS.includes(slug) ? "count" : slug === "win-rate" ? "fraction" : "currency";
  const whole = { unpriced_currencies: [], numerator: null, denominator: null, numerator_drill: null, parts: [] };
  return {
    ...whole,
    metric: slug,
    label: slug,
    meaning: "",
    formula: "",
    unit,
    currency: unit === "currency" ? "USD" : null,
    filters: {},
    as_of: new Date().toISOString(),
    known_at: null,
    data_as_of: Object.fromEntries(sources().map((source) => [source.source, source.data_as_of])),
    value: valueOf(slug, deals),
    rows: deals.length,
    unpriced: unit === "currency" ? unpriced(deals) : 0,
    groups: [...groups].map(([text, list]) => {
      const key = JSON.parse(text) as Record<string, string | null>;
      return { ...whole, key, value: valueOf(slug, list), rows: list.length, unpriced: unpriced(list), drill: drillOf(slug, query, key) };
    }),
    drill,
  } satisfies Record<keyof MetricResult | "filters" | "as_of" | "known_at", unknown>;
}

function books(received: number, quarantined: number): Books {
  const rejected = Math.round(received * 0.002);
  const duplicates = Math.round(received * 0.01);
  const raw = received - rejected - duplicates - 4;
  const superseded = Math.round(raw * 0.06);
  const ignored = Math.round(raw * 0.05);
  return {
    received,
    rejected,
    accepted: received - rejected,
    duplicates,
    in_spool: 4,
    raw,
    refused: 0,
    damaged: 0,
    pending: 0,
    applied: raw - superseded - ignored - quarantined,
    superseded,
    ignored,
    quarantined,
    expired: 0,
  };
}

export function sources(): SourceItem[] {
  const ago = (seconds: number) => new Date(Date.now() - seconds * 1000).toISOString();
  const lag = [12, 26, 61, 2700];
  return SOURCES.map((source, index) => ({
    ...books([8420, 7871, 3402, 1117][index] ?? 100, [86, 9, 58, 61][index] ?? 0),
    source,
    kind: source,
    label: source === "hubspot" ? "HubSpot" : source.charAt(0).toUpperCase() + source.slice(1),
    state: index === 3 ? "late" : "fresh",
    last_event_at: ago(lag[index] ?? 0),
    usual_gap_seconds: 90,
    data_as_of: ago((lag[index] ?? 0) + 2),
    lag_seconds: lag[index] ?? null,
    events_today: [583, 912, 281, 182][index] ?? 0,
    hours: [20, 31, 44, 44, 61, 70, 82, 75, 52, 66, 71, 64].map((n) => (index === 3 ? Math.round(n / 9) : n)),
  }));
}

const LABELS: Record<string, [string, string | null]> = {
  amount: ["Amount", "currency"],
  probability: ["Probability", "fraction"],
  close_date: ["Close date", null],
  owner_name: ["Owner", null],
  account_name: ["Account", null],
};

export function detailOf(record: RecordItem): RecordDetail {
  const latest = eventOf(record);
  const created = eventOf(record, 3);
  const fields = Object.fromEntries(
    Object.entries({ ...record.fields, lost_reason: null }).map(([name, value], index) => {
      const event = index % 3 === 0 ? latest : created;
      const [label, unit] = LABELS[name] ?? [name.charAt(0).toUpperCase() + name.slice(1).replaceAll("_", " "), null];
      return [name, { value, label, unit, source: record.source, event_id: event.event_id, source_time: event.source_time, received_at: event.received_at, event_expired: false }];
    }),
  );
  const amount = record.fields.amount ?? null;
  return {
    ...record,
    source_time: latest.source_time,
    fields,
    quality: {
      score: record.quality_score ?? 0,
      rules: [
        { name: "amount_present", weight: 0.3, passed: amount !== null, meaning: "A deal that is open or won has an amount." },
        { name: "currency_present", weight: 0.2, passed: true, meaning: "An amount has a currency." },
        { name: "close_date_present", weight: 0.2, passed: true, meaning: "It is known when the deal closed or should close." },
        { name: "owner_known", weight: 0.2, passed: true, meaning: "Somebody owns the deal." },
      ],
    },
    history: [
      { event_id: latest.event_id, source: record.source, source_time: latest.source_time, received_at: latest.received_at, operation: "patch", event_expired: false, changes: { amount: { from: "84000.0000", to: amount } } },
      { event_id: eventOf(record, 1).event_id, source: record.source, source_time: eventOf(record, 1).source_time, received_at: eventOf(record, 1).received_at, operation: "patch", event_expired: false, changes: { stage: { from: "Discovery", to: record.fields.stage ?? null }, close_date: { from: dayFromNow(9), to: dayFromNow(20) } } },
      {
        event_id: created.event_id, source: record.source,
        source_time: created.source_time,
        received_at: created.received_at,
        event_expired: false,
        operation: "full",
        changes: Object.fromEntries(Object.entries(record.fields).map(([name, value]) => [name, { from: null, to: name === "stage" ? "Qualified" : value }])),
      },
    ],
    merged_into: null,
    members: [{ canonical_id: record.canonical_id, source: record.source, source_id: record.source_id, title: record.title, is_deleted: false, reasons: [], since: null }],
    related: { opportunities: record.type === "account" ? DEALS.filter((deal) => deal.fields.account_name === record.title) : [] },
  };
}
