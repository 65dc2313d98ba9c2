import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { meQuery } from "@/api/auth";
import { eventsQuery } from "@/api/events";
import { policyQuery, sourceQuery } from "@/api/sources";
import type { SourceDetail } from "@/api/types";
import { ColumnChart } from "@/components/column-chart";
import { Icon } from "@/components/icon";
import { Panel } from "@/components/panel";
import { Page } from "@/components/shell/page";
import { Freshness, SourceBadge, sourceName } from "@/components/source";
import { Empty, Loaded, SkeletonRows } from "@/components/states";
import { useStanding } from "@/lib/as-of";
import { missing } from "@/lib/books";
import { ago, count, duration, moment, momentShort, plural, utc, zoneName } from "@/lib/format";
import { words } from "@/lib/nouns";
import { Command, curl } from "./command";
import { ContractPanel } from "./contract-panel";
import { KeysPanel } from "./keys-panel";
import { PauseButton, PausedNote } from "./pause-button";
import { RequestsPanel } from "./requests-panel";
import { SettingsPanel } from "./settings-panel";

function Figure({ label, children, note }: { label: string; children: ReactNode; note: ReactNode }) {
  return (
    <div className="key">
      <span className="mut m">{label}</span>
      <span className="big num">{children}</span>
      <span className="xs mut">{note}</span>
    </div>
  );
}

function Figures({ source }: { source: SourceDetail }) {
  const lost = missing(source);
  const link = { "filter[source]": source.source } as never;
  return (
    <section className="panel" aria-label="State">
      <div className="keys five">
        <Figure label="State" note={<span title={utc(source.last_event_at)}>last event {ago(source.last_event_at)}</span>}>
          <Freshness state={source.state} />
        </Figure>
        <Figure
          label="Data as of"
          note={source.usual_gap_seconds == null ? "rhythm not known yet" : `usually silent for at most ${duration(source.usual_gap_seconds)}`}
        >
          <span title={utc(source.data_as_of)}>{momentShort(source.data_as_of)}</span>
        </Figure>
        <Figure label="Accepted" note={`${count(source.rejected)} rejected, ${count(source.duplicates)} sent twice`}>
          <Link className="drill num" to="/events" search={link}>
            {count(source.accepted)}
          </Link>
        </Figure>
        <Figure label="In quarantine" note="events with nothing readable">
          {source.quarantined > 0 ? (
            <Link className="drill num warn" to="/quarantine" search={link}>
              {count(source.quarantined)}
            </Link>
          ) : (
            "0"
          )}
        </Figure>
        <Figure label="Books" note={`${count(source.received)} received in all`}>
          {lost === 0 ? <span className="ok">balance</span> : <span className="bad">{count(lost)} missing</span>}
        </Figure>
      </div>
    </section>
  );
}

/** Twelve clock hours, the running one last. */
function HoursPanel({ source }: { source: SourceDetail }) {
  const now = new Date();
  const columns = source.hours.map((n, index) => {
    const start = new Date(now);
    start.setMinutes(0, 0, 0);
    start.setHours(now.getHours() - (source.hours.length - 1 - index));
    const label = String(start.getHours()).padStart(2, "0");
    return {
      key: start.toISOString(),
      label,
      // Every other one has room on a phone.
      short: index % 2 ? label : "",
      note: "",
      value: String(n),
      description: `${label}:00: ${plural(n, "event")}`,
      drill: null,
      current: index === source.hours.length - 1,
    };
  });
  const sum = source.hours.reduce((all, n) => all + n, 0);
  return (
    <Panel
      title="Events by hour"
      evidence={
        <>
          <span className="num">{plural(sum, "event")} in 12 hours</span>
          <span className="end">Hours in {zoneName()} time</span>
        </>
      }
    >
      {sum === 0 ? (
        <Empty title="Nothing in the last 12 hours">
          {source.last_event_at ? `The last event came ${ago(source.last_event_at)}.` : "None has come yet."}
        </Empty>
      ) : (
        <div className="pb">
          <ColumnChart columns={columns} height={120} axis={count} />
        </div>
      )}
    </Panel>
  );
}

function LatestPanel({ source }: { source: string }) {
  const query = useInfiniteQuery(eventsQuery({ "filter[source]": source }, 8));
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Panel
      title="Latest events"
      evidence={
        <span className="end">
          <Link className="link" to="/events" search={{ "filter[source]": source } as never}>
            All events of this source
          </Link>
        </span>
      }
    >
      <Loaded query={query} skeleton={<SkeletonRows rows={6} widths={[72, 0, 64]} />}>
        {() =>
          items.length === 0 ? (
            <Empty title="No events in the lake yet">Post one with the command beside.</Empty>
          ) : (
            <div className="scroll" role="region" aria-label="Latest events, table" tabIndex={0}>
              <table className="t tc">
                <thead>
                  <tr>
                    <th>Received</th>
                    <th>Type</th>
                    <th className="hide-sm">Record</th>
                    <th className="r">Status</th>
                  </tr>
                </thead>
                <tbody>
                  {items.map((item) => (
                    <tr key={item.event_id}>
                      <td className="num">
                        <Link className="drill num" to="/events/$id" params={{ id: item.event_id }} title={utc(item.received_at)}>
                          {moment(item.received_at)}
                        </Link>
                      </td>
                      <td>
                        {item.entity_type} <span className="mut">{item.operation}</span>
                      </td>
                      <td className="mono hide-sm ident">{item.source_id}</td>
                      <td className="r">
                        <span className="tag">{words(item.status)}</span>
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )
        }
      </Loaded>
    </Panel>
  );
}

/** One source: freshness, books, what came last, and how to send to it. */
export function SourcePage({ source }: { source: string }) {
  const query = useQuery(sourceQuery(source));
  const { data: me } = useQuery(meQuery);
  const { asOf } = useStanding();
  // The past is for reading.
  const may = me?.role === "admin" && !asOf;
  const { data: policy } = useQuery({ ...policyQuery(source), enabled: me?.role === "admin" });
  const item = query.data;
  const name = sourceName(source, item?.label);
  return (
    <Page title={name} crumb={{ to: "/sources", label: "Sources" }}>
      <div className="head">
        <div className="row w">
          <SourceBadge source={source} label={item?.label ?? null} />
          <span className="m">{name}</span>
          {item ? <span className="mut">kind {item.kind}</span> : null}
        </div>
        <span className="end row w">
          {may && policy ? <PauseButton source={source} name={name} paused={policy.paused} /> : null}
          <Link className="btn" to="/events" search={{ "filter[source]": source } as never}>
            <Icon name="events" />
            Events
          </Link>
        </span>
      </div>
      <Loaded
        query={query}
        skeleton={
          <section className="panel">
            <SkeletonRows rows={10} widths={[96, 0, 96]} />
          </section>
        }
      >
        {(data) => (
          <div className="stack">
            {policy?.paused ? <PausedNote name={name} /> : null}
            <Figures source={data} />
            <div className="g12">
              <div className="s7 stack" style={{ alignContent: "start" }}>
                <HoursPanel source={data} />
                <RequestsPanel source={source} />
                <LatestPanel source={source} />
                <ContractPanel source={source} may={may} />
              </div>
              <div className="s5 stack" style={{ alignContent: "start" }}>
                <Panel
                  title="Send events here"
                  evidence={<span>Answered after the event is safe on disk. Any JSON object is kept, byte for byte.</span>}
                >
                  <div className="pb">
                    <Command text={curl(source, "deal", "@event.json")} label="Command that posts an event" />
                    <p className="mut xs" style={{ paddingTop: 8 }}>
                      The word after {source} is the source’s own: deal, contact, crm.lead. The key is made below.
                    </p>
                  </div>
                </Panel>
                <KeysPanel source={data} may={may} />
                {me?.role === "admin" ? <SettingsPanel source={source} kind={data.kind} may={may} /> : null}
              </div>
            </div>
          </div>
        )}
      </Loaded>
    </Page>
  );
}
