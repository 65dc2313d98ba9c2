/** The record types that have pages: the API's singular and the address's plural. */
export const NOUNS = {
  account: { path: "accounts", one: "account", many: "accounts", title: "Accounts", icon: "account" },
  contact: { path: "contacts", one: "contact", many: "contacts", title: "Contacts", icon: "contact" },
  opportunity: { path: "opportunities", one: "deal", many: "deals", title: "Opportunities", icon: "deal" },
  activity: { path: "activities", one: "activity", many: "activities", title: "Activities", icon: "clock" },
  product: { path: "products", one: "product", many: "products", title: "Products", icon: "product" },
  order: { path: "orders", one: "order", many: "orders", title: "Orders", icon: "order" },
  invoice: { path: "invoices", one: "invoice", many: "invoices", title: "Invoices", icon: "invoice" },
  owner: { path: "owners", one: "owner", many: "owners", title: "Owners", icon: "users" },
  quota: { path: "quotas", one: "quota", many: "quotas", title: "Quotas", icon: "flag" },
  exchange_rate: { path: "exchange-rates", one: "exchange rate", many: "exchange rates", title: "Exchange rates", icon: "retry" },
  // A deal in a stage: rows of numbers, made from deals. They are listed, and each opens its deal.
  stage_visit: { path: "stage-visits", one: "stage visit", many: "stage visits", title: "Stage visits", icon: "pipeline" },
} as const;

export type RecordType = keyof typeof NOUNS;

export function isRecordType(value: string): value is RecordType {
  return value in NOUNS;
}

/** `opportunities` → `opportunity`; null for an address that names no record type. */
export function typeOfPath(path: string): RecordType | null {
  for (const [type, noun] of Object.entries(NOUNS)) if (noun.path === path) return type as RecordType;
  return null;
}

/** What a record is called in a list: some have no name of their own, only what they are about. */
export function titleOf(record: { type: string; title: string; source_id?: string; fields?: Record<string, unknown> }): string {
  // Lists have plain values, single records have them with their source.
  const field = (name: string) => {
    const value = record.fields?.[name];
    const plain = typeof value === "object" && value !== null && "value" in value ? value.value : value;
    return typeof plain === "string" && plain !== "" ? plain : null;
  };
  if (record.type === "exchange_rate" && field("base")) return `${field("base")} in ${field("quote") ?? "?"}`;
  if (record.type === "quota") return field("owner") ?? (field("period_start") ? `Quota from ${field("period_start")}, ${field("team") ?? record.title}` : record.title);
  return record.title || record.source_id || "";
}

/** The one record in words, `Deal`. */
export function oneTitle(type: RecordType): string {
  return NOUNS[type].title.replace(/ies$/, "y").replace(/s$/, "");
}

/** `close_date` → `Close date`, for names that the API gives without a label. */
export function words(name: string): string {
  const text = name.replace(/_ref$/, "").replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}
