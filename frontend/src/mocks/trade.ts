import type { RecordItem } from "@/api/types";
import { dayFromNow } from "./company";

/** One or a few records of each type that is neither deal, account nor contact. */
function record(type: string, prefix: string, index: number, title: string, fields: RecordItem["fields"], value: string | null = null): RecordItem {
  return {
    canonical_id: `${prefix}_${index.toString(16).padStart(20, "0")}`,
    type,
    source: "hubspot",
    source_id: `${prefix}-${index}`,
    title,
    fields,
    value,
    quality_score: 1,
    is_deleted: false,
    updated_at: `${dayFromNow(-index)}T08:00:00.000Z`,
  };
}

const AGES = ["not due", "1-30 days", "1-30 days", "31-60 days", "over 90 days"];

const INVOICES = AGES.map((ageing, index) =>
  record(
    "invoice",
    "inv",
    index,
    `AI-00${index + 21}`,
    { number: `AI-00${index + 21}`, status: "open", account: "Brightwater Utilities", amount_due: `${(index + 1) * 1000}.00`, currency: "USD", outstanding: `${(index + 1) * 1000}.00`, ageing, days_overdue: index * 20, due_date: dayFromNow(10 - index * 20) },
    `${(index + 1) * 1000}.00`,
  ),
);

export const TRADE: Record<string, RecordItem[]> = {
  invoice: INVOICES,
  activity: [record("activity", "act", 1, "Call back about the quote", { subject: "Call back about the quote", type: "task", done: true, happened_at: `${dayFromNow(-1)}T09:00:00.000Z`, owner: "Mara Ostlund" })],
  product: [record("product", "prd", 1, "Flow meter", { name: "Flow meter", code: "FM-100", family: "Metering", price: "1200.00", currency: "EUR", active: true })],
  order: [record("order", "ord", 1, "SO-0001", { number: "SO-0001", account: "Corvane Steel", status: "open", amount: "48000.00", currency: "EUR", ordered_at: `${dayFromNow(-3)}T09:00:00.000Z` }, "55200.00")],
  owner: [record("owner", "own", 1, "Mara Ostlund", { name: "Mara Ostlund", email: "mara.ostlund@aldermoor.example", team: "DACH", active: true })],
  quota: [record("quota", "quo", 1, "81000015", { owner_ref: "81000015", owner: "Mara Ostlund", team: "DACH", period_start: "2026-10-01", period_end: "2026-12-31", amount: "250000.00", currency: "EUR" }, "287500.00")],
  exchange_rate: [record("exchange_rate", "fxr", 1, "EUR", { base: "EUR", quote: "JPY", day: dayFromNow(-1), rate: "159.7713" })],
  stage_visit: [record("stage_visit", "opp", 0, "Flow metering, Corvane Steel", { stage: "Proposal", status: "won", entered_at: `${dayFromNow(-30)}T09:00:00.000Z`, days: "4.5000", went_on: true, owner: "Mara Ostlund" }, "9000.00")],
};

/** A metric over the made-up invoices: what is outstanding, or overdue. */
export function invoiceMetric(slug: string, query: URLSearchParams): Record<string, unknown> {
  const late = slug.startsWith("overdue");
  const found = INVOICES.filter((one) => !late || one.fields.ageing !== "not due");
  const sum = (items: RecordItem[]) => (slug === "overdue-count" ? items.length : items.reduce((all, one) => all + Number(one.value), 0).toFixed(2));
  const whole = { unpriced: 0, unpriced_currencies: [], numerator: null, denominator: null, numerator_drill: null, parts: [] };
  const drill = (key: Record<string, string>) =>
    `/api/records/invoice?${new URLSearchParams({ "filter[outstanding][empty]": "false", ...Object.fromEntries(Object.entries(key).map(([name, value]) => [`filter[${name}]`, value])) })}`;
  const by = query.get("by");
  const keys = by ? [...new Set(found.map((one) => String(one.fields[by])))] : [];
  return {
    ...whole,
    metric: slug,
    label: slug,
    meaning: "",
    formula: "",
    unit: slug === "overdue-count" ? "count" : "currency",
    currency: slug === "overdue-count" ? null : "USD",
    filters: {},
    as_of: null,
    known_at: null,
    data_as_of: { stripe: new Date().toISOString() },
    value: sum(found),
    rows: found.length,
    drill: drill({}),
    groups: keys.map((key) => {
      const own = found.filter((one) => String(one.fields[by ?? ""]) === key);
      return { ...whole, key: { [by ?? ""]: key }, value: sum(own), rows: own.length, drill: drill({ [by ?? ""]: key }) };
    }),
  };
}

export const INVOICE_METRICS = ["receivables", "overdue", "overdue-count", "invoiced"];
