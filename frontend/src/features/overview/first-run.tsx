import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { meQuery } from "@/api/auth";
import { useCreateKey } from "@/api/sources";
import { CopyButton } from "@/components/copy";
import { Icon } from "@/components/icon";
import { Empty, Failure } from "@/components/states";

const KINDS = ["generic", "hubspot", "salesforce", "odoo", "pipedrive"];

function Step({ state, title, note, children }: { state: "done" | "now" | ""; title: string; note: string; children?: React.ReactNode }) {
  return (
    <li className={state}>
      <span style={{ paddingTop: 2 }}>
        <span className="st">{state === "done" ? <Icon name="check" size={10} /> : null}</span>
      </span>
      <div>
        <div className="row w">
          <span className="m">{title}</span>
          <span className="mut" style={{ fontWeight: 400 }}>
            {note}
          </span>
        </div>
        {children}
      </div>
    </li>
  );
}

function curl(source: string, key: string): string {
  return `curl -X POST ${location.origin}/api/microservices/ingest/${source}/deal \\
  -H "Authorization: Bearer ${key}" \\
  -H "Content-Type: application/json" \\
  -d '{"id":"1","name":"First deal","amount":"12000.00","currency":"EUR","stage":"Proposal"}'`;
}

/** Nothing has arrived yet: from a key to the first event, without leaving the page. */
export function FirstRun() {
  const { data: me } = useQuery(meQuery);
  const create = useCreateKey();
  const [kind, setKind] = useState("generic");
  const source = kind === "generic" ? "demo" : kind;
  const key = create.data?.key;
  return (
    <div className="g12">
      <section className="panel s8" style={{ alignSelf: "start" }} aria-label="Set up">
        <div className="ph">
          <h2>Set up, {key ? "2" : "1"} of 3</h2>
          <span className="mut">about a minute</span>
        </div>
        <ol className="steps tall">
          <Step state="done" title="Sign in" note={`as ${me?.email ?? ""}`} />
          <Step state={key ? "done" : "now"} title="Make a key" note={key ? `for ${source}` : "each source has its own"}>
            {key ? null : (
              <div className="stack" style={{ gap: 12, paddingTop: 8 }}>
                <div className="row w">
                  {KINDS.map((name) => (
                    <button key={name} type="button" className="chip" aria-pressed={kind === name} onClick={() => setKind(name)}>
                      {name}
                    </button>
                  ))}
                </div>
                <div>
                  <button type="button" className="btn p" disabled={create.isPending} onClick={() => create.mutate({ source, kind })}>
                    Make a key for {source}
                  </button>
                </div>
                {create.error ? <Failure error={create.error} /> : null}
              </div>
            )}
          </Step>
          <Step state={key ? "now" : ""} title="Send the first event" note="any JSON object will do">
            {key ? (
              <div className="stack" style={{ gap: 12, paddingTop: 8, fontWeight: 400 }}>
                <div className="code-box">
                  <pre className="code">{curl(source, key)}</pre>
                  <CopyButton text={curl(source, key)} what="Command" className="btn i" />
                </div>
                <span className="mut">The key is shown this once. It can only post events.</span>
                <div className="row">
                  <span className="skel pulse-dot" />
                  <span>Waiting for the first event. It shows up here within seconds.</span>
                </div>
              </div>
            ) : null}
          </Step>
        </ol>
      </section>
      <div className="s4 stack" style={{ alignContent: "start" }}>
        <section className="panel">
          <Empty icon="deal" title="No opportunities yet">
            An opportunity is one deal, put together from every event that tells of it.
          </Empty>
        </section>
        <section className="panel">
          <Empty icon="source" title="No demo data either">
            To look around first, stop SalesCommand and start it with <code className="mono">salescommand dev --demo</code>.
          </Empty>
        </section>
      </div>
    </div>
  );
}
