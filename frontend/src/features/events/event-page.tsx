import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { eventQuery, eventsQuery } from "@/api/events";
import type { EventDetail } from "@/api/types";
import { CopyButton } from "@/components/copy";
import { useSetSearch } from "@/components/filter-bar";
import { Icon } from "@/components/icon";
import { Panel } from "@/components/panel";
import { Path, recordSteps, type Step } from "@/components/path";
import { Page } from "@/components/shell/page";
import { SourceBadge, sourceName } from "@/components/source";
import { Empty, Loaded, SkeletonRows } from "@/components/states";
import { duration, moment, momentExact, parseTime, plural, utc } from "@/lib/format";
import { isRecordType, NOUNS, words } from "@/lib/nouns";
import { PayloadPanel, useLocated, type Located, type PayloadView } from "./payload-panel";

/** What the event set, and what of it still stands. */
function SetPanel({ event, field }: { event: EventDetail; field: string | undefined }) {
  const set = useSetSearch();
  const noun = event.record && isRecordType(event.record.type) ? NOUNS[event.record.type] : null;
  const failed = event.quarantine.length;
  return (
    <Panel
      title="What it set"
      actions={
        failed > 0 ? (
          <span className="tag warn">{plural(failed, "value")} in quarantine</span>
        ) : event.set.length > 0 ? (
          <span className="tag ok">
            <Icon name="check" size={12} />
            Mapped
          </span>
        ) : null
      }
      evidence={
        event.record && noun ? (
          <span className="end">
            <Link className="link" to="/records/$type/$id" params={{ type: noun.path, id: event.record.canonical_id }}>
              Open {event.record.title || event.source_id}
            </Link>
          </span>
        ) : null
      }
    >
      {event.set.length === 0 && failed === 0 ? (
        <Empty title="It set no field">
          {event.operation === "delete"
            ? "The event tells that the record was deleted."
            : "No mapping claims a part of it. Its bytes are kept, so a later mapping can."}
        </Empty>
      ) : (
        <div className="scroll" role="region" aria-label="Fields that the event set, table" tabIndex={0}>
          <table className="t tc">
            <thead>
              <tr>
                <th>Field</th>
                <th className="r">Value</th>
                <th className="r">Now</th>
              </tr>
            </thead>
            <tbody>
              {event.set.map((one) => (
                <tr key={one.field} className={one.field === field ? "sel" : ""}>
                  <th scope="row" className="m">
                    <button type="button" className="drill" onClick={() => set((search) => ({ ...search, field: one.field }))}>
                      {words(one.field)}
                    </button>
                  </th>
                  <td className="r num set-value" title={String(one.value ?? "")}>
                    {one.value === null ? <span className="mut">cleared</span> : String(one.value)}
                  </td>
                  <td className="r">{one.current ? <span className="ok">current</span> : <span className="mut">replaced</span>}</td>
                </tr>
              ))}
              {event.quarantine.map((one) => (
                <tr key={`q-${one.field}`} className={one.field === field ? "sel" : ""}>
                  <th scope="row" className="m">
                    <button type="button" className="drill warn" onClick={() => set((search) => ({ ...search, field: one.field }))}>
                      {one.field ? words(one.field) : "Whole event"}
                    </button>
                  </th>
                  <td className="r mono set-value" title={one.value ?? ""}>
                    {one.value ?? "–"}
                  </td>
                  <td className="r warn set-value">{one.reason}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  );
}

/** Two clocks: theirs and ours. */
function WayPanel({ event }: { event: EventDetail }) {
  const source = parseTime(event.source_time);
  const received = parseTime(event.received_at);
  const late = source && received ? (received.getTime() - source.getTime()) / 1000 : null;
  const given = event.source_time_given;
  return (
    <Panel
      title="Its way here"
      evidence={
        <span>
          {given && late !== null && late >= 0
            ? `${duration(late)} from their clock to our door`
            : "The payload carries no time of its own; the time of receipt orders it"}
        </span>
      }
    >
      <div className="pb">
        <div className="tl wide-time">
          {given ? (
            <div className="tl-row">
              <span className="mono mut" title={utc(event.source_time)}>
                {momentExact(event.source_time)}
              </span>
              <span className="ax first">
                <i />
              </span>
              <span>
                <b className="m">Changed in {sourceName(event.source)}</b> <span className="mut">their clock</span>
              </span>
            </div>
          ) : null}
          <div className="tl-row">
            <span className="mono mut" title={utc(event.received_at)}>
              {momentExact(event.received_at)}
            </span>
            <span className={`ax lastt ${given ? "" : "first"}`}>
              <i />
            </span>
            <span>
              <b className="m">Received</b>{" "}
              <span className="mut">{event.body_index > 0 ? `number ${event.body_index + 1} of its request` : "on disk before the answer"}</span>
            </span>
          </div>
        </div>
        <dl className="kv mono ids">
          <dt>entity_type</dt>
          <dd className="tr">{event.entity_type}</dd>
          <dt>source_id</dt>
          <dd className="tr">{event.source_id}</dd>
          <dt>operation</dt>
          <dd>{event.operation}</dd>
          <dt>request</dt>
          <dd className="tr">{event.request_sha256}</dd>
        </dl>
      </div>
    </Panel>
  );
}

/** The other events of the same record, the latest first. */
function SiblingsPanel({ event, rows }: { event: EventDetail; rows: string | undefined }) {
  const query = useInfiniteQuery(
    eventsQuery(
      {
        "filter[source]": event.source,
        "filter[record_type]": event.record_type,
        "filter[source_id]": event.source_id,
      },
      12,
    ),
  );
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Panel title="Same record" aside="every event about it">
      <Loaded query={query} skeleton={<SkeletonRows rows={3} widths={[24, 0, 72]} />}>
        {() => (
          <ul className="list ruled">
            {items.map((item) => (
              <li key={item.event_id} {...(item.event_id === event.event_id ? { "aria-current": "true" as const } : {})}>
                <Link className="grow tr" to="/events/$id" params={{ id: item.event_id }} search={(rows ? { rows } : {}) as never}>
                  {item.operation} <span className="mono mut">{item.event_id}</span>
                </Link>
                <span className="mut num" title={utc(item.source_time)}>
                  {moment(item.source_time)}
                </span>
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </Panel>
  );
}

function steps(event: EventDetail, rows: string | undefined, field: string | undefined, located: Located | null, size: number) {
  const walked = event.record ? recordSteps(rows, event.record, false) : { rows, steps: [] as Step[] };
  const set = event.set.find((one) => one.field === field);
  const noun = event.record && isRecordType(event.record.type) ? NOUNS[event.record.type] : null;
  if (set && event.record && noun) {
    walked.steps.push({
      name: "Field",
      text: `${words(set.field)} ${set.value ?? "cleared"}`,
      to: {
        to: "/records/$type/$id",
        params: { type: noun.path, id: event.record.canonical_id },
        search: rows ? { rows } : {},
      },
    });
  }
  walked.steps.push({ name: "Event", text: `${sourceName(event.source)}, ${moment(event.received_at)}`, here: true });
  walked.steps.push({
    name: "Bytes",
    text: located ? `${located.start}–${located.end - 1} of ${size}` : `all ${size}`,
    hash: "bytes",
  });
  return walked;
}

/** One event: how it got here, what it set, and its exact bytes. */
export function EventPage({ id, field, view, rows }: { id: string; field: string | undefined; view: PayloadView; rows: string | undefined }) {
  const query = useQuery(eventQuery(id));
  const event = query.data;
  const located = useLocated(event, field);
  const name = event ? `${sourceName(event.source)} ${event.record_type || event.entity_type} ${event.operation}` : "Event";
  return (
    <Page title={name} crumb={{ to: "/events", label: "Events" }} id={id}>
      <div className="head">
        {event ? (
          <div className="row w">
            <SourceBadge source={event.source} />
            <span className="m">{sourceName(event.source)}</span>
            <span className="mut">
              {event.entity_type}, {event.operation}, received {momentExact(event.received_at)}
            </span>
          </div>
        ) : null}
        <span className="end row">
          <CopyButton text={id} what="Event id" className="btn i" />
        </span>
      </div>
      <div className="stack">
        {event ? <Path steps={steps(event, rows, field, located, event.bytes)} /> : null}
        <Loaded
          query={query}
          skeleton={
            <section className="panel">
              <SkeletonRows rows={12} widths={[40, 0, 96]} />
            </section>
          }
        >
          {(data) => (
            <div className="g12">
              <div className="s7 stack" style={{ alignContent: "start" }}>
                <PayloadPanel event={data} view={view} field={field} located={located} />
              </div>
              <div className="s5 stack" style={{ alignContent: "start" }}>
                <SetPanel event={data} field={field} />
                <WayPanel event={data} />
                <SiblingsPanel event={data} rows={rows} />
              </div>
            </div>
          )}
        </Loaded>
      </div>
    </Page>
  );
}
