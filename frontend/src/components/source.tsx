import { words } from "@/lib/nouns";

/** The name of a source as people say it; a label of its own wins. */
export function sourceName(source: string, label?: string | null): string {
  if (label && label !== source) return label;
  const known: Record<string, string> = {
    hubspot: "HubSpot",
    salesforce: "Salesforce",
    odoo: "Odoo",
    pipedrive: "Pipedrive",
    stripe: "Stripe",
  };
  return known[source] ?? words(source.replaceAll("-", "_"));
}

/** A source as a letter in a square; the name is read out and shown on hover. */
export function SourceBadge({ source, label }: { source: string; label?: string | null }) {
  const name = sourceName(source, label);
  return (
    <span className="src" title={name} role="img" aria-label={name}>
      {name.charAt(0).toUpperCase()}
    </span>
  );
}

const STATES = {
  fresh: { dot: "fresh", word: "Fresh", tone: "" },
  late: { dot: "late", word: "Late", tone: "warn m" },
  stale: { dot: "stale", word: "Stale", tone: "bad m" },
  silent: { dot: "silent", word: "Silent", tone: "mut" },
} as const;

/** Disc, half disc, hollow square: the state is never told by colour alone. */
export function Freshness({ state }: { state: string }) {
  const shown = state in STATES ? STATES[state as keyof typeof STATES] : { dot: "silent", word: words(state), tone: "mut" };
  return (
    <span className={`row gap4 ${shown.tone}`}>
      <span className={`dot ${shown.dot}`} />
      {shown.word}
    </span>
  );
}

/** Events by hour as bars; the numbers are in the label. */
export function HourBars({ hours }: { hours: number[] }) {
  const most = Math.max(1, ...hours);
  return (
    <span className="spark-hours" role="img" aria-label={`Events by hour, oldest first: ${hours.join(", ")}`}>
      {hours.map((n, index) => (
        <i key={index} style={{ height: Math.max(1, Math.round((n / most) * 16)) }} />
      ))}
    </span>
  );
}
