import type { Bridge, BridgeDeal, BridgeDeals } from "@/api/types";
import { DEALS, type Deal } from "./company";

/** A bridge of the made-up company: a fifth of the open deals is new, a seventh of the rest grew; deals closed between are won or lost. */

interface Line {
  movement: string;
  deal: Deal;
  /** Cents. */
  change: number;
}

const GROWTH = 100_000;

function cents(deal: Deal): number {
  return Math.round(Number(deal.value ?? 0) * 100);
}

function text(amount: number): string {
  return `${amount < 0 ? "-" : ""}${Math.floor(Math.abs(amount) / 100)}.${String(Math.abs(amount) % 100).padStart(2, "0")}`;
}

function linesOf(query: URLSearchParams): Line[] {
  const [from, to] = [query.get("from") ?? "", query.get("to") ?? ""];
  const within = (deal: Deal) => String(deal.fields.close_date) > from && String(deal.fields.close_date) <= to;
  const wanted = query.get("filter[team]")?.split(",");
  return DEALS.filter((deal) => deal.value !== null && (!wanted || wanted.includes(deal.team))).flatMap((deal, index): Line[] => {
    const worth = cents(deal);
    if (deal.fields.status !== "open") {
      if (!within(deal)) return [];
      return [
        { movement: "opening", deal, change: worth },
        { movement: String(deal.fields.status), deal, change: -worth },
      ];
    }
    const closing = { movement: "closing", deal, change: worth };
    if (index % 5 === 0) return [{ movement: "created", deal, change: worth }, closing];
    if (index % 7 === 0) return [{ movement: "opening", deal, change: worth - GROWTH }, { movement: "grew", deal, change: GROWTH }, closing];
    return [{ movement: "opening", deal, change: worth }, ...(index % 11 === 0 ? [{ movement: "pushed", deal, change: worth }] : []), closing];
  });
}

const MEANINGS: Record<string, string> = {
  created: "Deals that did not exist at the first moment.",
  reopened: "Deals that were won or lost and are open now.",
  grew: "Deals that stayed and whose amount rose.",
  shrank: "Deals that stayed and whose amount fell.",
  won: "Deals that were won.",
  lost: "Deals that were lost.",
};

function barsOf(lines: Line[]) {
  const bar = (movement: string, drill: string) => {
    const own = lines.filter((line) => line.movement === movement);
    return { value: text(own.reduce((sum, line) => sum + line.change, 0)), rows: own.length, drill };
  };
  const move = (movement: string, meaning: string) => ({ ...bar(movement, `/api/metrics/bridge/deals?movement=${movement}`), movement, meaning });
  const open = "/api/records/opportunity?filter[status]=open";
  return {
    opening: bar("opening", open),
    movements: Object.entries(MEANINGS).map(([movement, meaning]) => move(movement, meaning)),
    closing: bar("closing", open),
    dates: [move("pushed", "Deals expected to close later."), move("pulled", "Deals expected to close earlier.")],
  };
}

function keyOf(deal: Deal, by: string): string | null {
  return by === "team" ? deal.team : by === "owner" ? deal.owner : by === "source" ? deal.source : String(deal.fields[by] ?? "");
}

export function bridgeOf(query: URLSearchParams): Bridge {
  const lines = linesOf(query);
  const by = query.getAll("by");
  const groups = new Map<string, Line[]>();
  for (const line of by.length > 0 ? lines : []) {
    const key = JSON.stringify(Object.fromEntries(by.map((field) => [field, keyOf(line.deal, field)])));
    groups.set(key, [...(groups.get(key) ?? []), line]);
  }
  return {
    ...barsOf(lines),
    from: query.get("from") ?? "",
    to: query.get("to") ?? "",
    known_from: null,
    known_at: null,
    currency: "USD",
    filters: {},
    data_as_of: { hubspot: new Date().toISOString() },
    unpriced: 2,
    unpriced_currencies: [],
    groups: [...groups].map(([key, own]) => ({ key: JSON.parse(key) as Record<string, string | null>, ...barsOf(own) })),
  };
}

export function bridgeDealsOf(query: URLSearchParams): BridgeDeals {
  const [by, key] = [query.get("by"), query.get("key")];
  const found = linesOf(query)
    .filter((line) => line.movement === query.get("movement") && (!by || keyOf(line.deal, by) === key))
    .sort((a, b) => Math.abs(b.change) - Math.abs(a.change));
  const start = Number(query.get("cursor") ?? 0);
  const end = start + Number(query.get("limit") ?? 50);
  return {
    items: found.slice(start, end).map(({ deal, movement, change }): BridgeDeal => {
      const now = { value: deal.value ?? null, stage: String(deal.fields.stage), close_date: String(deal.fields.close_date) };
      return {
        canonical_id: deal.canonical_id,
        type: "opportunity",
        title: deal.title,
        movement,
        change: text(change),
        opening: movement === "created" ? null : now,
        closing: movement === "won" || movement === "lost" ? null : now,
        status: String(deal.fields.status),
      };
    }),
    next_cursor: end < found.length ? String(end) : null,
    total: found.length,
  };
}
