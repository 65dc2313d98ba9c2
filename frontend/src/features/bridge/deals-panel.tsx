import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { bridgeDealsQuery } from "@/api/bridge";
import type { Bridge, BridgeDeal } from "@/api/types";
import { CsvButton } from "@/components/csv-button";
import { useSetSearch } from "@/components/filter-bar";
import { Icon } from "@/components/icon";
import { Panel } from "@/components/panel";
import { Empty, Loaded, SkeletonRows } from "@/components/states";
import { count, day, money, moneyChange, plural } from "@/lib/format";
import { without } from "@/lib/search";
import { isDateMove, movementLabel } from "./steps";
import { useBridgeParameters, useSpan } from "./use-bridge";

/** What happened to a deal between the two dates, in the words of its ends. */
function why(deal: BridgeDeal, currency: string): string {
  const { opening, closing } = deal;
  if (opening && closing) {
    if (opening.close_date !== closing.close_date && (deal.movement === "pushed" || deal.movement === "pulled")) {
      return `${day(opening.close_date)} to ${day(closing.close_date)}`;
    }
    if (opening.stage !== closing.stage && opening.value === closing.value) return `${opening.stage ?? "no stage"} to ${closing.stage ?? "no stage"}`;
    return `${money(opening.value, currency)} to ${money(closing.value, currency)}`;
  }
  const end = opening ?? closing;
  const parts = [opening ? "was in" : "is in", end?.stage ?? "no stage", end?.close_date ? `, close ${day(end.close_date)}` : ""];
  return end ? `${parts[0]} ${parts[1]}${parts[2]}` : `made and ${deal.status ?? "closed"} between the dates`;
}

interface Props {
  bridge: Bridge;
  movement: string;
  /** The dimension and its value, where only one group is looked at. */
  group: { by: string; key: string } | undefined;
}

/** The deals of one movement, the largest change first. They add up to its bar. */
export function DealsPanel({ bridge, movement, group }: Props) {
  const parameters = { ...useBridgeParameters(), ...(group ? { by: [group.by] } : {}) };
  const span = useSpan();
  const set = useSetSearch();
  const queries = useQueryClient();
  const options = bridgeDealsQuery(parameters, movement, group?.key);
  const query = useInfiniteQuery(options);
  const anchor = useRef<HTMLDivElement>(null);
  const deals = query.data?.pages.flatMap((page) => page.items) ?? [];
  const total = query.data?.pages[0]?.total ?? 0;
  const dates = isDateMove(bridge, movement);
  const bar = [...bridge.movements, ...bridge.dates].find((one) => one.movement === movement);
  useEffect(() => {
    anchor.current?.scrollIntoView({ block: "nearest" });
  }, [movement, group?.key]);
  const all = async () => {
    const found: BridgeDeal[] = [];
    const { pages } = await queries.infiniteQuery({ ...options, pages: Math.max(1, Math.ceil(total / 50)) });
    for (const page of pages) found.push(...page.items);
    return [
      ["Deal", "Id", "Movement", "Change", "Currency", "Value before", "Stage before", "Close date before", "Value after", "Stage after", "Close date after"],
      ...found.map((deal) => [
        deal.title,
        deal.canonical_id,
        deal.movement,
        deal.change,
        bridge.currency,
        deal.opening?.value,
        deal.opening?.stage,
        deal.opening?.close_date,
        deal.closing?.value,
        deal.closing?.stage,
        deal.closing?.close_date,
      ]),
    ];
  };
  return (
    <div id="deals" ref={anchor}>
      <Panel
        title={`${movementLabel(movement)}, deal by deal`}
        aside={group ? group.key || `no ${group.by}` : null}
        actions={
          <>
            <CsvButton name={`bridge-${movement}-${span.from}-${span.to}`} what="These deals" rows={all} />
            <button
              type="button"
              className="btn g i"
              aria-label="Close the list of deals"
              onClick={() => set((search) => without(search, "movement", "of", "key"))}
            >
              <Icon name="close" />
            </button>
          </>
        }
        evidence={
          <>
            <span>{bar?.meaning}</span>
            {bar && !group ? (
              <span className="end num">
                {dates ? `${plural(bar.rows, "deal")}, total unchanged` : `They add up to ${moneyChange(bar.value, bridge.currency)}`}
              </span>
            ) : null}
          </>
        }
      >
        <Loaded query={query} skeleton={<SkeletonRows rows={6} widths={[0, 120, 72]} />}>
          {() =>
            total === 0 ? (
              <Empty icon="deal" title="No deal moved this way between these dates" />
            ) : (
              <div className="scroll" role="region" aria-label={`${movementLabel(movement)}, deals`} tabIndex={0}>
                <table className="t tc">
                  <thead>
                    <tr>
                      <th>Deal</th>
                      <th className="hide-sm">Why</th>
                      <th className="r">{dates ? "Worth" : "Change"}, {bridge.currency}</th>
                    </tr>
                  </thead>
                  <tbody>
                    {deals.map((deal) => (
                      <tr key={deal.canonical_id}>
                        <th scope="row" className="m deal-name">
                          <Link
                            className="drill"
                            to="/records/$type/$id"
                            params={{ type: "opportunities", id: deal.canonical_id }}
                            search={(span.live ? {} : { as_of: span.to }) as never}
                            title={deal.title}
                          >
                            {deal.title}
                          </Link>
                        </th>
                        <td className="mut hide-sm num">{why(deal, bridge.currency)}</td>
                        <td className="r">{dates ? money(deal.change, bridge.currency) : moneyChange(deal.change, bridge.currency)}</td>
                      </tr>
                    ))}
                  </tbody>
                </table>
                {query.hasNextPage ? (
                  <div className="row pb more-rows">
                    <button type="button" className="btn" disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
                      {count(total - deals.length)} more
                    </button>
                  </div>
                ) : null}
              </div>
            )
          }
        </Loaded>
      </Panel>
    </div>
  );
}
