import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { requestsQuery, useSendEvent } from "@/api/sources";
import { CopyButton } from "@/components/copy";
import { Icon } from "@/components/icon";
import { Failure } from "@/components/states";
import { moment } from "@/lib/format";
import { addressOf, Command, TEST_EVENT, TEST_WORD, testCurl } from "./command";
import { OUTCOMES, reasonOf } from "./outcome";
import { Secret } from "./secret";
import { SigningSecret } from "./signing-secret";
import { settingsOf, vendorOf } from "./vendors";

function Step({ state, title, children }: { state: "done" | "now" | ""; title: string; children: ReactNode }) {
  return (
    <li className={state} {...(state === "now" && { "aria-current": "step" as const })}>
      <span className="st" aria-hidden="true">
        {state === "done" ? <Icon name="check" size={12} /> : null}
      </span>
      <div className="stack plain" style={{ gap: 8, minWidth: 0 }}>
        <b className="m fg">{title}</b>
        {children}
      </div>
    </li>
  );
}

function Settings({ source, kind, secret }: { source: string; kind: string; secret: string }) {
  const vendor = vendorOf(kind);
  if (!vendor) return null;
  return (
    <>
      <span className="mut">
        {vendor.kind === "generic" ? vendor.where : `In ${vendor.label}: ${vendor.where}`}
      </span>
      {settingsOf(vendor, source, secret).map(({ label, value }) => (
        <div key={label}>
          <span className="mut xs">{label}</span>
          <div className="row" style={{ alignItems: "flex-start" }}>
            <span className="mono grow breaks">{value}</span>
            <CopyButton text={value} what={label} />
          </div>
        </div>
      ))}
      {vendor.by === "signature" ? <SigningSecret source={source} kind={kind} /> : null}
      {vendor.note ? <span className="mut xs">{vendor.note}</span> : null}
    </>
  );
}

/** Shows the newest request once there is one. */
function Arrival({ source }: { source: string }) {
  const { data, error } = useQuery(requestsQuery(source));
  const newest = data?.items[0];
  if (!newest) {
    return (
      <>
        {error ? <Failure error={error} /> : null}
        <div className="row" role="status">
          <span className="pulse-dot" />
          Waiting for the first event. It shows here within two seconds.
        </div>
      </>
    );
  }
  const { word, tone } = OUTCOMES[newest.outcome];
  return (
    <div className="row w" role="status">
      <span className={`tag ${tone}`}>
        {word} <span className="num">{newest.status}</span>
      </span>
      <span className="breaks">
        <span className="mono">{newest.entity_type}</span> at {moment(newest.at)}
        {reasonOf(newest) ? `: ${reasonOf(newest)}` : ", safe on disk"}
      </span>
    </div>
  );
}

/** The key, what to paste at the vendor, a test event, and seeing it arrive. */
export function ConnectSteps({ source, kind, secret, onClose }: { source: string; kind: string; secret: string; onClose: () => void }) {
  const send = useSendEvent();
  const { data } = useQuery(requestsQuery(source));
  const arrived = (data?.items.length ?? 0) > 0;
  const post = () => {
    // Each press posts an event of its own; the same one again would be kept once.
    const event = { ...TEST_EVENT, id: `test-${Date.now()}` };
    send.mutate({ address: addressOf(source, TEST_WORD), source, key: secret, event });
  };
  return (
    <div className="stack" style={{ gap: 8, paddingTop: 16 }}>
      <strong className="m" style={{ paddingInline: 16 }}>
        {source} is set up
      </strong>
      <ol className="steps tall connect">
        <Step state="done" title="Its key">
          <Secret secret={secret}>It is shown this once, and can post events of {source} and nothing else.</Secret>
        </Step>
        <Step state={arrived ? "done" : "now"} title="Settings to paste">
          <Settings source={source} kind={kind} secret={secret} />
        </Step>
        <Step state={arrived ? "done" : "now"} title="A test event">
          <span className="mut">It is kept like any other and changes no number.</span>
          <div>
            <button type="button" className="btn" disabled={send.isPending} onClick={post}>
              <Icon name="bolt" />
              Send a test event
            </button>
          </div>
          {send.error ? <Failure error={send.error} /> : null}
          <Command text={testCurl(source, secret)} label="Command that posts a test event" />
        </Step>
        <Step state={arrived ? "done" : ""} title={arrived ? "It arrived" : "See it arrive"}>
          <Arrival source={source} />
        </Step>
      </ol>
      <div className="row pb">
        <Link className="btn p" to="/sources/$source" params={{ source }}>
          Open {source}
        </Link>
        <button type="button" className="btn g" onClick={onClose}>
          Close
        </button>
      </div>
    </div>
  );
}
