import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { recordsQuery } from "@/api/records";
import { Panel } from "@/components/panel";
import { Empty, Loaded, SkeletonRows } from "@/components/states";
import { standingOf } from "@/lib/as-of";
import { day, plural, sourceMoneyShort } from "@/lib/format";
import { filterParameters } from "@/lib/search";
import { usePageSearch } from "@/lib/page-search";

const SHOWN = 8;
const OVERDUE = { "filter[outstanding][empty]": "false", "filter[outstanding][ne]": "0", "filter[days_overdue][gt]": "0" };

/** The invoices that are overdue for longest, in their own currencies. */
export function OldestPanel() {
  const search = usePageSearch();
  const filters = { ...filterParameters(search), ...OVERDUE };
  const query = useInfiniteQuery(recordsQuery("invoice", { ...standingOf(search).parameters, sort: "-days_overdue", filters }, SHOWN));
  const total = query.data?.pages[0]?.total ?? 0;
  return (
    <Panel
      title="Overdue for longest"
      className="s5"
      evidence={
        query.data ? (
          <Link className="drill num" to="/records/$type" params={{ type: "invoices" }} search={{ ...filters, sort: "-days_overdue", metric: "overdue" } as never}>
            {plural(total, "overdue invoice")}
          </Link>
        ) : null
      }
    >
      <Loaded query={query} skeleton={<SkeletonRows rows={6} widths={[0, 88, 72]} />}>
        {(data) =>
          total === 0 ? (
            <Empty icon="check" title="Nothing is overdue" />
          ) : (
            <ul className="list look ruled">
              {(data.pages[0]?.items ?? []).map((item) => (
                <li key={item.canonical_id} className="row">
                  <Link className="grow tr" to="/records/$type/$id" params={{ type: "invoices", id: item.canonical_id }} title={item.title}>
                    <b className="m">{item.title || item.source_id}</b> <span className="mut">{item.fields.account ?? item.fields.customer_email}</span>
                  </Link>
                  <span className="tag warn nw">
                    {plural(Number(item.fields.days_overdue ?? 0), "day")}, due {day(String(item.fields.due_date ?? ""))}
                  </span>
                  <span className="num r look-value">
                    {sourceMoneyShort(String(item.fields.outstanding ?? ""), item.fields.currency as string | null)}
                  </span>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </Panel>
  );
}
