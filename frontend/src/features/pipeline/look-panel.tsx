import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { recordsQuery } from "@/api/records";
import { settingsQuery } from "@/api/settings";
import type { RecordItem } from "@/api/types";
import { Panel } from "@/components/panel";
import { Empty, Failure, SkeletonRows } from "@/components/states";
import { standingOf } from "@/lib/as-of";
import { count, day, money } from "@/lib/format";
import { standingDay } from "@/lib/periods";
import { filterParameters } from "@/lib/search";
import { usePageSearch } from "@/lib/page-search";

/** How many deals of each kind are listed; the rest is a link away. */
const SHOWN = 6;

function Line({ item, tag, tone, currency }: { item: RecordItem; tag: string; tone: "warn" | "bad"; currency: string }) {
  return (
    <li>
      <Link className="grow tr" to="/records/$type/$id" params={{ type: "opportunities", id: item.canonical_id }}>
        <b className="m">{item.title || item.source_id}</b> <span className="mut">{item.fields.account_name}</span>
      </Link>
      <span className={`tag nw ${tone}`}>{tag}</span>
      <span className="num r look-value">{money(item.value, currency)}</span>
    </li>
  );
}

function useDeals(filters: Record<string, string>) {
  const search = usePageSearch();
  return useInfiniteQuery(
    recordsQuery(
      "opportunity",
      {
        ...standingOf(search).parameters,
        sort: "-value",
        filters: { ...filterParameters(search), "filter[status]": "open", ...filters },
      },
      SHOWN,
    ),
  );
}

/** Open deals that make the numbers worse than they need be: no price, or a close date that has passed. */
export function LookPanel() {
  const search = usePageSearch();
  const today = standingDay(standingOf(search).asOf);
  const overdueFilter = { "filter[close_date][lt]": today };
  const unpricedFilter = { "filter[amount][empty]": "true" };
  const overdue = useDeals(overdueFilter);
  const unpriced = useDeals(unpricedFilter);
  const { data: settings } = useQuery(settingsQuery);
  const currency = settings?.reporting_currency ?? "";
  const failed = overdue.error ?? unpriced.error;
  const late = overdue.data?.pages[0];
  const bare = unpriced.data?.pages[0];
  const to = (filters: Record<string, string>) =>
    ({ ...filterParameters(search), "filter[status]": "open", ...filters, sort: "-value" }) as never;
  return (
    <Panel
      title="Needs a look"
      className="s5"
      evidence={
        late && bare ? (
          <>
            <Link className="drill num" to="/records/$type" params={{ type: "opportunities" }} search={to(unpricedFilter)}>
              {count(bare.total)} without a price
            </Link>
            <Link className="drill num" to="/records/$type" params={{ type: "opportunities" }} search={to(overdueFilter)}>
              {count(late.total)} past their close date
            </Link>
          </>
        ) : null
      }
    >
      {failed ? <Failure error={failed} onRetry={() => void Promise.all([overdue.refetch(), unpriced.refetch()])} /> : null}
      {late && bare ? (
        late.total + bare.total === 0 ? (
          <Empty icon="check" title="Nothing needs a look">
            Every open deal has a price and a close date to come.
          </Empty>
        ) : (
          <ul className="list look ruled">
            {bare.items.slice(0, SHOWN / 2).map((item) => (
              <Line key={`p-${item.canonical_id}`} item={item} tag="No price" tone="warn" currency={currency} />
            ))}
            {late.items.map((item) => (
              <Line
                key={item.canonical_id}
                item={item}
                tag={`Close date ${day(String(item.fields.close_date ?? ""))} passed`}
                tone="bad"
                currency={currency}
              />
            ))}
          </ul>
        )
      ) : failed ? null : (
        <SkeletonRows rows={6} widths={[0, 88, 56]} />
      )}
    </Panel>
  );
}
