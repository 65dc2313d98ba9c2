import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useCallback, useMemo, useState } from "react";
import { bodyQuery } from "@/api/events";
import type { QuarantineItem } from "@/api/types";
import { Icon } from "@/components/icon";
import { Panel } from "@/components/panel";
import { Loaded, SkeletonRows } from "@/components/states";
import { count, utc } from "@/lib/format";
import { layOut, locate } from "@/lib/json-bytes";
import { CorrectDialog } from "./correct-dialog";

const decoder = new TextDecoder("utf-8");
/** Lines shown of a payload; the event's own page has all of it. */
const LINES = 200;

interface Line {
  text: string;
  from: number;
}

function linesOf(text: string): Line[] {
  let at = 0;
  return text.split("\n").map((line) => {
    const from = at;
    at += line.length + 1;
    return { text: line, from };
  });
}

/** The payload by lines, the value that could not be read marked where exactly one place holds it. */
function Payload({ body, item }: { body: Uint8Array; item: QuarantineItem }) {
  const { lines, mark } = useMemo(() => {
    const text = layOut(decoder.decode(body));
    return { lines: linesOf(text), mark: item.field ? locate(text, item.field, item.value ?? "") : null };
  }, [body, item]);
  // The place that matters is in sight, without moving the page.
  const show = useCallback((element: HTMLElement | null) => {
    const box = element?.closest<HTMLElement>(".bytes");
    if (element && box) box.scrollTop = element.offsetTop - box.offsetTop - box.clientHeight / 2;
  }, []);
  return (
    <>
      <div className="bytes tall" tabIndex={0} role="region" aria-label="Payload, the unreadable value marked">
        {lines.slice(0, LINES).map((line, index) => {
          const from = mark ? Math.max(0, mark.start - line.from) : 0;
          const to = mark ? Math.min(line.text.length, mark.end - line.from) : 0;
          return (
            <div key={line.from}>
              <b>{index + 1}</b>
              {mark && from < to ? (
                <span>
                  {line.text.slice(0, from)}
                  <mark className="bad" ref={show}>{line.text.slice(from, to)}</mark>
                  {line.text.slice(to)}
                </span>
              ) : (
                <span>{line.text}</span>
              )}
            </div>
          );
        })}
      </div>
      {lines.length > LINES ? <p className="mut xs">{count(lines.length - LINES)} more lines on the event’s page.</p> : null}
      {item.field && !mark ? (
        <p className="mut xs breaks" style={{ paddingTop: 8 }}>
          {item.value ? (
            <>
              The value <b className="mono fg">{item.value}</b> is not at one single place in these bytes.
            </>
          ) : (
            "What is missing can’t be marked."
          )}
        </p>
      ) : null}
    </>
  );
}

interface Props {
  item: QuarantineItem;
  place: number;
  total: number;
  may: boolean;
  onMove: (by: number) => void;
}

/** One entry of the queue, with its payload. */
export function EntryPanel({ item, place, total, may, onMove }: Props) {
  const query = useQuery(bodyQuery(item.event_id));
  const [correcting, setCorrecting] = useState(false);
  return (
    <Panel
      title={`Event ${count(place + 1)} of ${count(total)}`}
      aside={<span title={utc(item.at)}>{item.reason}</span>}
      actions={
        <>
          <button type="button" className="btn g i" aria-label="Previous event, K" disabled={place === 0} onClick={() => onMove(-1)}>
            <Icon name="left" />
          </button>
          <button type="button" className="btn g i" aria-label="Next event, J" disabled={place + 1 >= total} onClick={() => onMove(1)}>
            <Icon name="right" />
          </button>
        </>
      }
      evidence={
        <>
          <span className="ident">
            {item.record_type} <span className="mono">{item.source_id}</span>
          </span>
          <span className="end row w">
            <Link className="link" to="/events/$id" params={{ id: item.event_id }} search={(item.field ? { field: item.field } : {}) as never}>
              Raw bytes
            </Link>
            {may && item.state === "open" ? (
              <button type="button" className="link" disabled={!query.data} onClick={() => setCorrecting(true)}>
                Correct a copy
              </button>
            ) : null}
          </span>
        </>
      }
    >
      <Loaded query={query} skeleton={<SkeletonRows rows={8} widths={[20, 0]} />}>
        {(body) => (
          <div className="pb">
            <Payload body={body} item={item} />
          </div>
        )}
      </Loaded>
      {correcting && query.data ? (
        <CorrectDialog item={item} text={decoder.decode(query.data)} onClose={() => setCorrecting(false)} />
      ) : null}
    </Panel>
  );
}
