import { addressOf } from "./command";

interface Setting {
  label: string;
  value: string;
}

interface Vendor {
  kind: string;
  label: string;
  /** Where in the vendor's own settings these go. */
  where: string;
  /** The word of the address; what the payload says of itself wins over it. */
  word: string;
  /** How the vendor can send the key. */
  by: "bearer" | "header" | "basic" | "address" | "signature";
  note?: string;
}

const SIGNED = "It signs its posts, and a right signature stands for the key: no key is in the address.";

export const VENDORS: Vendor[] = [
  { kind: "hubspot", label: "HubSpot", where: "App, Webhooks, Target URL", word: "webhook", by: "signature", note: SIGNED },
  { kind: "salesforce", label: "Salesforce", where: "Named credential, or the relay that reads change events", word: "ChangeEvent", by: "bearer" },
  { kind: "pipedrive", label: "Pipedrive", where: "Tools and apps, Webhooks, HTTP auth", word: "webhook", by: "basic" },
  { kind: "odoo", label: "Odoo", where: "Automation rule, Send webhook notification", word: "webhook", by: "address", note: "Odoo can send no header, so the key is in the address." },
  { kind: "stripe", label: "Stripe", where: "Developers, Webhooks, Add endpoint", word: "event", by: "signature", note: SIGNED },
  { kind: "segment", label: "Segment", where: "Destination Webhooks, URL and headers", word: "event", by: "header", note: "Leave batching off where posts are signed: only the first event of a batch is." },
  { kind: "generic", label: "Anything else", where: "Whatever posts JSON", word: "deal", by: "bearer", note: "The last word is the source’s own: deal, contact, account." },
];

export function vendorOf(kind: string): Vendor | undefined {
  return VENDORS.find((vendor) => vendor.kind === kind);
}

/** What has to be pasted at the vendor, letter by letter. */
export function settingsOf({ by, word }: Vendor, source: string, key: string): Setting[] {
  const address = addressOf(source, word);
  switch (by) {
    case "address":
      return [{ label: "Address", value: `${address}?key=${key}` }];
    case "signature":
      return [{ label: "Address", value: address }];
    case "basic":
      return [
        { label: "Address", value: address },
        { label: "User", value: key },
        { label: "Password", value: "x" },
      ];
    case "header":
      return [
        { label: "Address", value: address },
        { label: "Header", value: `X-Write-Key: ${key}` },
      ];
    case "bearer":
      return [
        { label: "Address", value: address },
        { label: "Header", value: `Authorization: Bearer ${key}` },
      ];
  }
}
