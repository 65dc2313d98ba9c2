import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { bodyQuery } from "@/api/events";
import type { EventDetail } from "@/api/types";
import { useCopy } from "@/components/copy";
import { useSetSearch } from "@/components/filter-bar";
import { Icon } from "@/components/icon";
import { Panel } from "@/components/panel";
import { Loaded, SkeletonRows } from "@/components/states";
import { bytes, count } from "@/lib/format";
import { byteRange, layOut, locate, sha256 } from "@/lib/json-bytes";
import { ExactBytes, HexBytes } from "./bytes-view";

const VIEWS = [
  { key: "exact", label: "As received" },
  { key: "laid-out", label: "Formatted" },
  { key: "hex", label: "Hex" },
] as const;

export type PayloadView = (typeof VIEWS)[number]["key"];

const decoder = new TextDecoder("utf-8");

export interface Located {
  start: number;
  end: number;
}

/** The bytes that set a field of the event, when they can be told without guessing. */
export function useLocated(event: EventDetail | undefined, field: string | undefined): Located | null {
  const { data } = useQuery({ ...bodyQuery(event?.event_id ?? ""), enabled: event !== undefined });
  return useMemo(() => {
    const set = event?.set.find((one) => one.field === field) ?? null;
    const failed = event?.quarantine.find((one) => one.field === field) ?? null;
    const value = set ? set.value : failed?.value;
    if (!data || !field || value === null || value === undefined) return null;
    const text = decoder.decode(data);
    const leaf = locate(text, field, String(value));
    return leaf ? byteRange(text, leaf.start, leaf.end) : null;
  }, [data, event, field]);
}

/** Does the SHA-256 of what the browser holds equal the one that was kept at the door? */
function Verified({ event, body }: { event: EventDetail; body: Uint8Array }) {
  const { data } = useQuery({
    queryKey: ["sha256", event.event_id],
    staleTime: Infinity,
    queryFn: () => sha256(body),
  });
  const hash = (
    <span className="hash">
      sha256 <span className="mono">{`${event.body_sha256.slice(0, 16)}…${event.body_sha256.slice(-8)}`}</span>
    </span>
  );
  if (data === undefined) return hash;
  if (data === null) {
    return (
      <>
        {hash}
        <span>this browser computes hashes on https and localhost only</span>
      </>
    );
  }
  return (
    <>
      {hash}
      {data === event.body_sha256.toLowerCase() ? (
        <span className="ok">
          <Icon name="check" size={12} />
          matches the bytes shown here
        </span>
      ) : (
        <span className="bad">
          <Icon name="warning" size={12} />
          the bytes shown here have the hash {data.slice(0, 16)}…
        </span>
      )}
    </>
  );
}

function save(body: Uint8Array, name: string): void {
  const url = URL.createObjectURL(new Blob([new Uint8Array(body)], { type: "application/json" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}

interface Props {
  event: EventDetail;
  view: PayloadView;
  field: string | undefined;
  located: Located | null;
}

/** The exact bytes of an event, with the place that set a field. */
export function PayloadPanel({ event, view, field, located }: Props) {
  const query = useQuery(bodyQuery(event.event_id));
  const set = useSetSearch();
  const copy = useCopy();
  return (
    <Panel
      title="Payload"
      actions={
        <>
          <span className="seg" role="group" aria-label="View">
            {VIEWS.map((one) => (
              <button
                key={one.key}
                type="button"
                aria-pressed={one.key === view}
                onClick={() => set((search) => ({ ...search, view: one.key === "exact" ? undefined : one.key }))}
              >
                {one.label}
              </button>
            ))}
          </span>
          <button
            type="button"
            className="btn g i"
            aria-label="Copy the payload"
            disabled={!query.data}
            onClick={() => query.data && copy(decoder.decode(query.data), "Payload")}
          >
            <Icon name="copy" />
          </button>
          <button
            type="button"
            className="btn g i"
            aria-label="Download the bytes"
            disabled={!query.data}
            onClick={() => query.data && save(query.data, `${event.event_id}.json`)}
          >
            <Icon name="download" />
          </button>
        </>
      }
      evidence={
        query.data ? (
          <>
            <Verified event={event} body={query.data} />
            <span className="end num">{query.data.length < 1000 ? bytes(query.data.length) : `${count(query.data.length)} bytes`}</span>
          </>
        ) : null
      }
    >
      <Loaded query={query} skeleton={<SkeletonRows rows={8} widths={[32, 0]} />}>
        {(body) => (
          <div className="pb" id="bytes">
            {view === "exact" ? <ExactBytes body={body} range={located} /> : null}
            {view === "hex" ? <HexBytes body={body} range={located} /> : null}
            {view === "laid-out" ? (
              <pre className="code" tabIndex={0} aria-label="Payload, laid out">
                {layOut(decoder.decode(body))}
              </pre>
            ) : null}
            {located && field ? (
              <>
                <div className="row w" style={{ padding: "12px 0 8px" }}>
                  <b className="m">
                    Bytes {located.start}–{located.end - 1}
                  </b>
                  <span className="mut">
                    hold <b className="m fg">{field}</b>
                  </span>
                </div>
                {view === "exact" ? <HexBytes body={body} range={located} around /> : null}
              </>
            ) : field ? (
              <p className="mut xs" style={{ paddingTop: 8 }}>
                {field} is not at one single place in these bytes: it was put together, translated, or stands there more than once.
              </p>
            ) : null}
            {event.payload_error ? (
              <div className="note warn" style={{ marginTop: 12 }}>
                <Icon name="warning" size={14} />
                <span>
                  Kept byte for byte, but not queryable as JSON: {event.payload_error}.
                </span>
              </div>
            ) : (
              <div className="note" style={{ marginTop: 12 }}>
                <Icon name="flag" size={14} />
                <span>Kept exactly as received: the order of keys, every digit and every space.</span>
              </div>
            )}
          </div>
        )}
      </Loaded>
    </Panel>
  );
}
