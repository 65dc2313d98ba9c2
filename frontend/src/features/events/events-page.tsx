import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { eventsQuery } from "@/api/events";
import type { EventItem } from "@/api/types";
import { FilterBar, type FilterField } from "@/components/filter-bar";
import { Panel } from "@/components/panel";
import { Page } from "@/components/shell/page";
import { SourceBadge, sourceName } from "@/components/source";
import { Empty, Loaded, SkeletonRows } from "@/components/states";
import { bytes, count, moment, utc, zoneName } from "@/lib/format";
import { useHotkeys } from "@/lib/hotkeys";
import { words } from "@/lib/nouns";
import { filterParameters } from "@/lib/search";
import { usePageSearch } from "@/lib/page-search";
import { SourcePicker } from "./source-picker";

const NO_FIELDS: FilterField[] = [];

const TONES: Record<string, string> = { mapped: "ok", applied: "ok", quarantined: "warn", quarantine: "warn", partial: "warn" };

function Status({ status }: { status: string }) {
  return <span className={`tag ${TONES[status] ?? ""}`}>{words(status)}</span>;
}

function Row({ item, active }: { item: EventItem; active: boolean }) {
  return (
    <tr className={active ? "sel" : ""}>
      <td className="num mut" title={utc(item.received_at)}>
        <Link className="drill num" to="/events/$id" params={{ id: item.event_id }}>
          {moment(item.received_at)}
        </Link>
      </td>
      <td>
        <span className="row gap4">
          <SourceBadge source={item.source} />
          <span className="hide-sm">{sourceName(item.source)}</span>
        </span>
      </td>
      <td>
        {item.record_type || item.entity_type}
        <small className="only-sm mut mono">{item.source_id}</small>
      </td>
      <td className="mono hide-sm ident" title={item.source_id}>
        {item.source_id}
      </td>
      <td className="hide-sm mut">{item.operation}</td>
      <td className="r num hide-sm mut">{bytes(item.bytes)}</td>
      <td className="r">
        <Status status={item.status} />
      </td>
    </tr>
  );
}

/** What came in, the latest first. */
export function EventsPage() {
  const search = usePageSearch();
  const filters = filterParameters(search);
  const navigate = useNavigate();
  const query = useInfiniteQuery(eventsQuery(filters));
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  const [active, setActive] = useState(-1);
  const step = (by: number) => setActive((now) => Math.min(items.length - 1, Math.max(0, now + by)));
  useHotkeys({
    j: () => step(1),
    k: () => step(-1),
    Enter: () => {
      const item = items[active];
      if (!item) return false;
      void navigate({ to: "/events/$id", params: { id: item.event_id } });
      return true;
    },
  });
  return (
    <Page title="Events">
      <div className="head">
        <FilterBar fields={NO_FIELDS}>
          <SourcePicker />
        </FilterBar>
        <span className="end row">
          <button type="button" className="btn" onClick={() => void query.refetch()}>
            Look for newer ones
          </button>
        </span>
      </div>
      <Panel
        evidence={
          query.data ? (
            <>
              <span className="num">
                {count(items.length)} shown{query.hasNextPage ? ", more in the lake" : ", all that match"}
              </span>
              <span className="end">Times in {zoneName()} time</span>
            </>
          ) : null
        }
      >
        <Loaded query={query} skeleton={<SkeletonRows rows={16} widths={[72, 72, 0, 96, 64]} />}>
          {() =>
            items.length === 0 ? (
              <Empty icon="events" title="No events here">
                Every event that a source posts shows up here, byte for byte. Make a key with{" "}
                <code className="mono">salescommand key create SOURCE</code>.
              </Empty>
            ) : (
              <div className="scroll" role="region" aria-label="Events, table" tabIndex={0}>
                <table className="t tc">
                  <thead>
                    <tr>
                      <th>Received</th>
                      <th>Source</th>
                      <th>Type</th>
                      <th className="hide-sm">Record</th>
                      <th className="hide-sm">Operation</th>
                      <th className="r hide-sm">Size</th>
                      <th className="r">Status</th>
                    </tr>
                  </thead>
                  <tbody>
                    {items.map((item, index) => (
                      <Row key={item.event_id} item={item} active={index === active} />
                    ))}
                  </tbody>
                </table>
              </div>
            )
          }
        </Loaded>
        {query.hasNextPage ? (
          <div className="pb" style={{ paddingTop: 12 }}>
            <button type="button" className="btn" disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
              {query.isFetchingNextPage ? "Reading" : "Show older events"}
            </button>
          </div>
        ) : null}
      </Panel>
    </Page>
  );
}
