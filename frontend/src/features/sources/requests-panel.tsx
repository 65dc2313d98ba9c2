import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { requestsQuery } from "@/api/sources";
import type { RecentRequest } from "@/api/types";
import { Icon } from "@/components/icon";
import { Panel } from "@/components/panel";
import { Empty, Loaded, SkeletonRows } from "@/components/states";
import { count, moment, plural, utc } from "@/lib/format";
import { Command, testCurl } from "./command";
import { failed, OUTCOMES, reasonOf } from "./outcome";

function Number({ of, tone }: { of: number; tone: string }) {
  return of === 0 ? <span className="zero">0</span> : <span className={tone}>{count(of)}</span>;
}

function Row({ of }: { of: RecentRequest }) {
  const { word, tone } = OUTCOMES[of.outcome];
  return (
    <tr>
      <td className="num">
        {of.event_id ? (
          <Link className="drill num" to="/events/$id" params={{ id: of.event_id }} title={utc(of.at)}>
            {moment(of.at)}
          </Link>
        ) : (
          <span title={utc(of.at)}>{moment(of.at)}</span>
        )}
      </td>
      <td className="two wrap">
        <span className="wrap">{of.entity_type}</span>
        <small className="wrap">{reasonOf(of)}</small>
        <span className="only-sm mut">
          {count(of.accepted)} accepted, {count(of.duplicates)} sent twice, {count(of.rejected)} rejected
        </span>
      </td>
      <td>
        <span className={`tag ${tone}`}>
          {word} <span className="num hide-sm">{of.status}</span>
        </span>
      </td>
      <td className="r num hide-sm">
        <Number of={of.accepted} tone="" />
      </td>
      <td className="r num hide-sm">
        <Number of={of.duplicates} tone="mut" />
      </td>
      <td className="r num hide-sm">
        <Number of={of.rejected} tone="bad m" />
      </td>
    </tr>
  );
}

/** What came in lately, as it comes: the first look when something doesn't arrive. */
export function RequestsPanel({ source }: { source: string }) {
  const [paused, setPaused] = useState(false);
  const [failures, setFailures] = useState(false);
  const query = useQuery({ ...requestsQuery(source), ...(paused ? { refetchInterval: false, refetchOnWindowFocus: false } : {}) });
  const all = query.data?.items ?? [];
  const bad = all.filter(failed);
  const shown = failures ? bad : all;
  return (
    <Panel
      title="Latest requests"
      actions={
        <>
          <span className="seg" role="group" aria-label="Which requests">
            <button type="button" aria-pressed={!failures} onClick={() => setFailures(false)}>
              All
            </button>
            <button type="button" aria-pressed={failures} onClick={() => setFailures(true)}>
              Failures
            </button>
          </span>
          <button type="button" className="btn" onClick={() => setPaused(!paused)}>
            <Icon name={paused ? "play" : "pause"} />
            {paused ? "Follow" : "Pause"}
          </button>
        </>
      }
      evidence={
        query.data ? (
          <>
            <span className="row gap4">
              <span className={`dot ${paused ? "silent" : "fresh"}`} />
              {paused ? "Standing still" : "Following"}, {plural(all.length, "request")}, {count(bad.length)} refused in whole or part
            </span>
            <span className="end">The last 100 that instance {query.data.instance} answered; payloads and keys are not kept here</span>
          </>
        ) : null
      }
    >
      <Loaded query={query} skeleton={<SkeletonRows rows={6} widths={[72, 0, 96]} />}>
        {() =>
          shown.length > 0 ? (
            <div className="scroll tall" role="region" aria-label="Latest requests, table" tabIndex={0}>
              <table className="t tc">
                <thead>
                  <tr>
                    <th>At</th>
                    <th>What came</th>
                    <th>Answer</th>
                    <th className="r hide-sm">Accepted</th>
                    <th className="r hide-sm">Sent twice</th>
                    <th className="r hide-sm">Rejected</th>
                  </tr>
                </thead>
                <tbody>
                  {shown.map((request) => (
                    <Row key={`${request.at} ${request.entity_type} ${request.event_id} ${request.bytes}`} of={request} />
                  ))}
                </tbody>
              </table>
            </div>
          ) : all.length > 0 ? (
            <Empty title="No failures">{all.length === 1 ? "The one request was" : `All ${count(all.length)} requests were`} taken whole.</Empty>
          ) : (
            <>
              <Empty icon="bolt" title="Nothing came since this process started">
                Post a test event. It is kept like any other and changes no number; it shows here within two seconds.
              </Empty>
              <div className="pb">
                <Command text={testCurl(source)} label="Command that posts a test event" />
              </div>
            </>
          )
        }
      </Loaded>
    </Panel>
  );
}
