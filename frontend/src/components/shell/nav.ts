import type { Me } from "@/api/types";
import type { IconName } from "@/components/icon";

export interface Place {
  to: string;
  label: string;
  icon: IconName;
  /** The second key after `g`. */
  key?: string;
  adminOnly?: boolean;
  /** Tells of everybody's records: not for those who see only some. */
  allOnly?: boolean;
}

/** May this person go there? */
export function isOpen(place: Place, me: Me | null | undefined): boolean {
  return (!place.adminOnly || me?.role === "admin") && (!place.allOnly || me?.scope === "all");
}

interface Group {
  title: string;
  places: Place[];
  /** Shown when asked for, so that the side stays short. */
  more?: { label: string; places: Place[] };
}

export const GROUPS: Group[] = [
  {
    title: "Numbers",
    places: [
      { to: "/", label: "Overview", icon: "overview", key: "o" },
      { to: "/pipeline", label: "Pipeline", icon: "pipeline", key: "p" },
      { to: "/bridge", label: "Bridge", icon: "bridge", key: "b" },
      { to: "/win-rate", label: "Win rate", icon: "rate", key: "w" },
      { to: "/team", label: "Team", icon: "team", key: "t" },
      { to: "/receivables", label: "Receivables", icon: "invoice", key: "v" },
      { to: "/glossary", label: "Metrics", icon: "book", key: "m" },
    ],
  },
  {
    title: "Records",
    places: [
      { to: "/records/accounts", label: "Accounts", icon: "account", key: "a" },
      { to: "/records/contacts", label: "Contacts", icon: "contact", key: "c" },
      { to: "/records/opportunities", label: "Opportunities", icon: "deal", key: "r" },
    ],
    more: {
      label: "More records",
      places: [
        { to: "/records/activities", label: "Activities", icon: "clock" },
        { to: "/records/products", label: "Products", icon: "product" },
        { to: "/records/orders", label: "Orders", icon: "order" },
        { to: "/records/invoices", label: "Invoices", icon: "invoice", key: "i" },
        { to: "/records/owners", label: "Owners", icon: "users" },
        { to: "/records/quotas", label: "Quotas", icon: "flag" },
        { to: "/records/exchange-rates", label: "Exchange rates", icon: "retry" },
      ],
    },
  },
  {
    title: "Lake",
    places: [
      { to: "/events", label: "Events", icon: "events", key: "e", allOnly: true },
      { to: "/quarantine", label: "Quarantine", icon: "warning", key: "q", allOnly: true },
      { to: "/mappings", label: "Mappings", icon: "mapping", key: "n" },
      { to: "/sources", label: "Sources", icon: "source", key: "s", allOnly: true },
      { to: "/system", label: "System", icon: "system", key: "y", allOnly: true },
      { to: "/users", label: "Users", icon: "users", key: "u", adminOnly: true },
      { to: "/audit", label: "Audit", icon: "clock", adminOnly: true },
    ],
  },
];

/** Every place, also those that the side keeps folded. */
export const PLACES: Place[] = GROUPS.flatMap((group) => [...group.places, ...(group.more?.places ?? [])]);

/** The five places of the bar on a phone. */
export const BAR: Place[] = [
  { to: "/", label: "Overview", icon: "overview" },
  { to: "/pipeline", label: "Pipeline", icon: "pipeline" },
  { to: "/records/opportunities", label: "Records", icon: "deal" },
  { to: "/quarantine", label: "Queue", icon: "warning", allOnly: true },
  { to: "/system", label: "System", icon: "system", allOnly: true },
];

/** Is this place the one that the address stands in? */
export function isHere(place: string, pathname: string): boolean {
  return place === "/" ? pathname === "/" : pathname === place || pathname.startsWith(`${place}/`);
}
