import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { meQuery } from "@/api/auth";
import { sourcesQuery } from "@/api/sources";
import type { SourceItem } from "@/api/types";
import { Icon } from "@/components/icon";
import { Panel } from "@/components/panel";
import { Page } from "@/components/shell/page";
import { Freshness, HourBars, SourceBadge, sourceName } from "@/components/source";
import { Empty, Loaded, SkeletonRows } from "@/components/states";
import { useStanding } from "@/lib/as-of";
import { missing } from "@/lib/books";
import { ago, count, momentShort, utc, zoneName } from "@/lib/format";
import { AddSourceDialog } from "./add-source-dialog";

function Row({ item }: { item: SourceItem }) {
  const lost = missing(item);
  return (
    <tr>
      <th scope="row" className="m">
        <Link className="row" to="/sources/$source" params={{ source: item.source }}>
          <SourceBadge source={item.source} label={item.label} />
          <span className="tr">{sourceName(item.source, item.label)}</span>
        </Link>
      </th>
      <td className="hide-sm mut">{item.kind}</td>
      <td>
        <Freshness state={item.state} />
        <span className="only-sm mut">{ago(item.last_event_at)}</span>
      </td>
      <td className="r num hide-sm" title={utc(item.last_event_at)}>
        {ago(item.last_event_at)}
      </td>
      <td className="r num hide-sm" title={utc(item.data_as_of)}>
        {momentShort(item.data_as_of)}
      </td>
      <td className="hide-sm">
        <HourBars hours={item.hours} />
      </td>
      <td className="r num hide-sm">{count(item.events_today)}</td>
      <td className="r num">
        <Link className="drill num" to="/events" search={{ "filter[source]": item.source } as never}>
          {count(item.accepted)}
        </Link>
      </td>
      <td className="r num hide-sm">
        {item.quarantined > 0 ? (
          <Link className="drill num warn" to="/quarantine" search={{ "filter[source]": item.source } as never}>
            {count(item.quarantined)}
          </Link>
        ) : (
          <span className="zero">0</span>
        )}
      </td>
      <td className="r hide-sm">
        {lost === 0 ? (
          <span className="ok row gap4 justify-end">
            <Icon name="check" size={12} />
            balance
          </span>
        ) : (
          <span className="bad m">{count(lost)} missing</span>
        )}
      </td>
    </tr>
  );
}

/** Every source: is it fresh, how much came, do its books balance. */
export function SourcesPage() {
  const query = useQuery(sourcesQuery);
  const { data: me } = useQuery(meQuery);
  const { asOf } = useStanding();
  const [adding, setAdding] = useState(false);
  // The past is for reading.
  const may = me?.role === "admin" && !asOf;
  return (
    <Page title="Sources">
      {may ? (
        <div className="head">
          <button type="button" className="btn end" onClick={() => setAdding(true)}>
            <Icon name="plus" />
            Add a source
          </button>
        </div>
      ) : null}
      {adding ? <AddSourceDialog onClose={() => setAdding(false)} /> : null}
      <Panel
        evidence={
          query.data ? (
            <>
              <span>Fresh, late and stale are measured against each source’s own rhythm</span>
              <span className="end">Times in {zoneName()} time, events today since midnight UTC</span>
            </>
          ) : null
        }
      >
        <Loaded query={query} skeleton={<SkeletonRows rows={5} widths={[112, 0, 72, 72]} />}>
          {(data) =>
            data.items.length === 0 ? (
              <Empty icon="source" title="No sources yet">
                {may ? "Add one here, or make it a key" : "An admin adds one here, or makes it a key"} at the command line:{" "}
                <code className="mono">salescommand key create hubspot --kind hubspot</code>
              </Empty>
            ) : (
              <div className="scroll" role="region" aria-label="Sources, table" tabIndex={0}>
                <table className="t tc">
                  <thead>
                    <tr>
                      <th>Source</th>
                      <th className="hide-sm">Kind</th>
                      <th>State</th>
                      <th className="r hide-sm">Last event</th>
                      <th className="r hide-sm">Data as of</th>
                      <th className="r hide-sm">12 h</th>
                      <th className="r hide-sm">Today</th>
                      <th className="r">Accepted</th>
                      <th className="r hide-sm">Quarantine</th>
                      <th className="r hide-sm">Books</th>
                    </tr>
                  </thead>
                  <tbody>
                    {data.items.map((item) => (
                      <Row key={item.source} item={item} />
                    ))}
                  </tbody>
                </table>
              </div>
            )
          }
        </Loaded>
      </Panel>
    </Page>
  );
}

