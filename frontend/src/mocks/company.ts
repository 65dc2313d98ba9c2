import type { EventDetail, RecordItem } from "@/api/types";

/**
 * A small made-up company for component tests and for looking at pages without a backend.
 * Deterministic: the same deals each time, dated relative to today.
 */

function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return state / 4_294_967_296;
  };
}

const roll = random(20_261_123);
const pick = <T>(list: readonly T[]): T => list[Math.floor(roll() * list.length)] as T;

const ACCOUNTS = ["Brightwater", "Ashgrove", "Corvane", "Halden", "Meridale", "Thornfield", "Yarrow", "Arkona", "Elstow", "Łódź"];
const TRADES = ["Utilities", "Steel", "Logistics", "Water", "Pharma", "Foods", "Paper", "Chemicals"];
const PRODUCTS = ["Flow metering", "Gas analysers", "Level sensors", "Leak detection", "Lab upgrade", "Calibration contract"];
const OWNERS = [
  ["Mara Ostlund", "DACH"],
  ["Jonas Werth", "Nordics"],
  ["Luc Ferrand", "France"],
  ["Ines Calder", "UK"],
  ["Owen Tarrant", "UK"],
  ["Priya Sandell", "US East"],
] as const;
const STAGES = [
  ["Qualified", "0.1000"],
  ["Discovery", "0.2500"],
  ["Proposal", "0.4500"],
  ["Negotiation", "0.6500"],
  ["Verbal", "0.9000"],
] as const;
export const SOURCES = ["hubspot", "salesforce", "odoo", "pipedrive"] as const;
const CURRENCIES = ["EUR", "EUR", "USD", "GBP", "USD"];
const RATES: Record<string, number> = { USD: 100, EUR: 115, GBP: 131 };

const DAY = 86_400_000;
const now = Date.now();

export function dayFromNow(days: number): string {
  return new Date(now + days * DAY).toISOString().slice(0, 10);
}

export interface Deal extends RecordItem {
  owner: string;
  team: string;
  probability: string;
}

function deal(index: number): Deal {
  const [stage, probability] = pick(STAGES);
  const [owner, team] = pick(OWNERS);
  const fate = roll();
  const status = fate < 0.4 ? "open" : fate < 0.7 ? "won" : "lost";
  const account = `${pick(ACCOUNTS)} ${pick(TRADES)}`;
  const priced = roll() > 0.02;
  const amount = Math.floor(roll() ** 2 * 220_000 + 4_000);
  const currency = pick(CURRENCIES);
  const cents = Math.round((amount * (RATES[currency] ?? 100)) / 100) * 100;
  const close = status === "open" ? Math.floor(roll() * 120) : -Math.floor(roll() * 360);
  const product = pick(PRODUCTS);
  const source = pick(SOURCES);
  return {
    canonical_id: `opp_${index.toString(16).padStart(20, "0")}`,
    type: "opportunity",
    source,
    source_id: String(18_844_000_000 + index * 7919),
    title: `${product}, ${account}`,
    fields: {
      name: `${product}, ${account}`,
      account_name: account,
      owner_name: owner,
      amount: priced ? `${amount}.0000` : null,
      currency: priced ? currency : null,
      stage: status === "open" ? stage : status === "won" ? "Closed won" : "Closed lost",
      status,
      probability: status === "open" ? probability : status === "won" ? "1.0000" : "0.0000",
      close_date: dayFromNow(close),
      product,
      pipeline: "Sales",
    },
    value: priced ? `${Math.floor(cents / 100)}.00` : null,
    quality_score: Math.round(100 - roll() * 30) / 100,
    is_deleted: false,
    updated_at: new Date(now - Math.floor(roll() * 40 * DAY)).toISOString(),
    owner,
    team,
    probability,
  };
}

export const DEALS: Deal[] = Array.from({ length: 420 }, (_, index) => deal(index));

export const ACCOUNT_ITEMS: RecordItem[] = [...new Set(DEALS.map((one) => String(one.fields.account_name)))].map((name, index) => ({
  canonical_id: `acc_${index.toString(16).padStart(20, "0")}`,
  type: "account",
  source: SOURCES[index % SOURCES.length] ?? "hubspot",
  source_id: String(7_710_000 + index),
  title: name,
  fields: {
    name,
    domain: `${name.toLowerCase().replace(/[^a-z]+/g, "-")}.example`,
    industry: name.split(" ")[1] ?? null,
    country: index % 3 ? "Germany" : "United Kingdom",
    city: index % 3 ? "Bremen" : "Leeds",
    employees: 40 + index * 13,
  },
  value: null,
  quality_score: 0.9,
  is_deleted: false,
  updated_at: new Date(now - index * DAY).toISOString(),
}));

export const CONTACT_ITEMS: RecordItem[] = ["Astrid Vale", "Søren Lind", "Nadia Karim", "Γιάννης Παππάς", "Олена Бойко"].map((name, index) => ({
  canonical_id: `con_${index.toString(16).padStart(20, "0")}`,
  type: "contact",
  source: "hubspot",
  source_id: String(90_122_000 + index),
  title: name,
  fields: { name, email: `person${index}@brightwater.example`, title: "Procurement", account_name: "Brightwater Utilities", phone: "+44113496000" },
  value: null,
  quality_score: 1,
  is_deleted: false,
  updated_at: new Date(now - index * DAY).toISOString(),
}));

/** The body of the one event whose bytes the mocks know; a number that a browser would round is in it. */
export const BODY =
  '{"schema":"kXq0vB3TnW","payload":{"ChangeEventHeader":{"entityName":"Opportunity","recordIds":["0068d00000Qk3VtAAJ"],"changeType":"UPDATE","changedFields":["Amount","LastModifiedDate"],"commitTimestamp":1795075921000,"commitNumber":11781940362264899587,"commitUser":"0058d000004bKe2"},"Amount":96000.00,"LastModifiedDate":"2026-11-19T08:12:01.000Z","NextStep":null},"event":{"replayId":4418207}}';

export function eventOf(record: RecordItem, index = 0): Omit<EventDetail, "body_sha256"> {
  const at = new Date(now - (index + 1) * 3 * DAY).toISOString();
  return {
    event_id: `ev_${record.canonical_id.slice(-9)}${String(index).padStart(4, "0")}`,
    source: record.source,
    kind: record.source,
    entity_type: record.type === "opportunity" ? "deal" : record.type,
    record_type: record.type,
    source_id: record.source_id,
    operation: index === 0 ? "patch" : "full",
    source_time: at,
    source_time_given: true,
    received_at: new Date(Date.parse(at) + 1114).toISOString(),
    bytes: new TextEncoder().encode(BODY).length,
    status: "applied",
    body_index: 0,
    request_sha256: "9e785b6f9cdbdf76828ac59c0000000000000000000000000000000000000000",
    contract_error: "",
    payload_error: "",
    record: { type: record.type, canonical_id: record.canonical_id, title: record.title },
    set: [
      { field: "amount", value: "96000.0000", current: true },
      { field: "stage", value: String(record.fields.stage ?? "Proposal"), current: false },
    ],
    quarantine: [],
  };
}
