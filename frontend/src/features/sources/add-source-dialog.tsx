import { useQuery } from "@tanstack/react-query";
import { useState, type SubmitEvent } from "react";
import { sourcesQuery, useAddSource } from "@/api/sources";
import { Dialog } from "@/components/dialog";
import { Failure } from "@/components/states";
import { ConnectSteps } from "./connect-steps";
import { vendorOf, VENDORS } from "./vendors";

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** Says what is wrong with a name that was typed; empty when nothing is. */
function fault(name: string, taken: boolean): string {
  if (name === "") return "";
  if (!NAME.test(name)) return "Letters, digits, and . _ - inside, up to 64.";
  return taken ? `There is a source ${name} already. Its page makes keys for it.` : "";
}

/** `hubspot`, or `hubspot-2` where that is taken. */
function free(kind: string, taken: string[]): string {
  let name = kind;
  for (let number = 2; taken.includes(name); number++) name = `${kind}-${number}`;
  return name;
}

/** From the vendor's kind to the first event that is seen to arrive. */
export function AddSourceDialog({ onClose }: { onClose: () => void }) {
  const add = useAddSource();
  const { data: sources } = useQuery(sourcesQuery);
  const [kind, setKind] = useState("hubspot");
  const [typed, setTyped] = useState<string | null>(null);
  const [label, setLabel] = useState("");
  const there = (sources?.items ?? []).map((one) => one.source);
  // Until a name is typed it is the vendor's, or the next that is free.
  const [shown, setShown] = useState("");
  const name = typed ?? (add.isIdle ? (kind === "generic" ? "" : free(kind, there)) : shown);
  // What failed half-way may be there already; trying again finishes it.
  const taken = !add.error && there.includes(name);
  const wrong = fault(name, taken);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    setShown(name);
    add.mutate({ source: name, kind, label: label.trim() });
  };
  return (
    <Dialog label="Add a source" className="ask wide" onClose={onClose} stays={add.isSuccess}>
      {add.data ? (
        <ConnectSteps source={add.data.source} kind={kind} secret={add.data.key} onClose={onClose} />
      ) : (
        <form className="pb stack form" style={{ gap: 12, paddingTop: 16 }} onSubmit={submit}>
          <strong className="m">Add a source</strong>
          <span className="m">What will post here</span>
          <div className="row w" role="group" aria-label="Kind">
            {VENDORS.map((vendor) => (
              <button
                key={vendor.kind}
                type="button"
                className="chip kind"
                aria-pressed={vendor.kind === kind}
                onClick={() => setKind(vendor.kind)}
              >
                {vendor.label}
              </button>
            ))}
          </div>
          <p className="mut xs">
            The kind says how its payloads are read. Nothing has to be mapped before: everything is kept as it comes.
          </p>
          <label>
            Name in the address
            <span className="field">
              <input
                required
                value={name}
                placeholder="Such as: web-shop"
                aria-invalid={wrong !== ""}
                aria-describedby="source-name"
                onChange={(event) => setTyped(event.target.value)}
              />
            </span>
          </label>
          <p id="source-name" className={wrong ? "bad xs" : "mut xs"}>
            {wrong || "It stays in every event of this source and is not changed later."}
          </p>
          <label>
            What people call it
            <span className="field">
              <input
                maxLength={200}
                value={label}
                placeholder={vendorOf(kind)?.label ?? ""}
                onChange={(event) => setLabel(event.target.value)}
              />
            </span>
          </label>
          {add.error ? <Failure error={add.error} /> : null}
          <div className="row">
            <button type="submit" className="btn p" disabled={add.isPending || name === "" || wrong !== ""}>
              Make the source and its key
            </button>
            <button type="button" className="btn g" onClick={onClose}>
              Cancel
            </button>
          </div>
        </form>
      )}
    </Dialog>
  );
}
