/** The record types that have pages: the API's singular and the address's plural. */
export const NOUNS = {
  account: { path: "accounts", one: "account", many: "accounts", title: "Accounts", icon: "account" },
  contact: { path: "contacts", one: "contact", many: "contacts", title: "Contacts", icon: "contact" },
  opportunity: { path: "opportunities", one: "deal", many: "deals", title: "Opportunities", icon: "deal" },
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

/** `close_date` → `Close date`, for names that the API gives without a label. */
export function words(name: string): string {
  const text = name.replace(/_ref$/, "").replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}
