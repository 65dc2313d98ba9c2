import type { IconName } from "@/components/icon";

export interface Place {
  to: string;
  label: string;
  icon: IconName;
  /** The second key after `g`. */
  key?: string;
  adminOnly?: boolean;
}

export const GROUPS: { title: string; places: Place[] }[] = [
  {
    title: "Numbers",
    places: [
      { to: "/", label: "Overview", icon: "overview", key: "o" },
      { to: "/pipeline", label: "Pipeline", icon: "pipeline", key: "p" },
    ],
  },
  {
    title: "Records",
    places: [
      { to: "/records/accounts", label: "Accounts", icon: "account", key: "a" },
      { to: "/records/contacts", label: "Contacts", icon: "contact", key: "c" },
      { to: "/records/opportunities", label: "Opportunities", icon: "deal", key: "r" },
    ],
  },
  {
    title: "Lake",
    places: [
      { to: "/events", label: "Events", icon: "events", key: "e" },
      { to: "/quarantine", label: "Quarantine", icon: "warning", key: "q" },
      { to: "/sources", label: "Sources", icon: "source", key: "s" },
      { to: "/system", label: "System", icon: "system", key: "y" },
      { to: "/users", label: "Users", icon: "users", key: "u", adminOnly: true },
    ],
  },
];

/** The five places of the bar on a phone. */
export const BAR: (Place & { short?: string })[] = [
  { to: "/", label: "Overview", icon: "overview" },
  { to: "/pipeline", label: "Pipeline", icon: "pipeline" },
  { to: "/records/opportunities", label: "Records", icon: "deal" },
  { to: "/quarantine", label: "Queue", icon: "warning" },
  { to: "/system", label: "System", icon: "system" },
];

/** Is this place the one that the address stands in? */
export function isHere(place: string, pathname: string): boolean {
  return place === "/" ? pathname === "/" : pathname === place || pathname.startsWith(`${place}/`);
}
