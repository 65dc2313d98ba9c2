import { useState, type SubmitEvent } from "react";
import { useRate } from "@/api/sources";
import type { Policy } from "@/api/types";
import { Dialog } from "@/components/dialog";
import { Failure } from "@/components/states";
import { useToast } from "@/components/toast";
import { count } from "@/lib/format";

/** A limit of events per second, and how many may come at once. */
export function RateDialog({ source, rate, onClose }: { source: string; rate: Policy["rate"]; onClose: () => void }) {
  const change = useRate(source);
  const toast = useToast();
  const [perSecond, setPerSecond] = useState(rate ? String(rate.events_per_second) : "");
  const [burst, setBurst] = useState(rate ? String(rate.burst) : "");
  const events = Number(perSecond);
  const atOnce = burst === "" ? Math.max(1, Math.round(events * 10)) : Number(burst);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    change.mutate(
      { events_per_second: events, burst: burst === "" ? null : Number(burst) },
      {
        onSuccess: () => {
          onClose();
          toast(`Limited to ${perSecond} events a second.`, { label: "Undo", run: () => change.mutate(rate) });
        },
      },
    );
  };
  return (
    <Dialog label="Limit the rate" className="ask" onClose={onClose}>
      <form className="pb stack form" style={{ gap: 12, paddingTop: 16 }} onSubmit={submit}>
        <strong className="m">Limit the rate</strong>
        <p className="mut">What comes beyond it is answered with 429 and when to come back. It counts in each process that takes events.</p>
        <label>
          Events a second
          <span className="field">
            <input
              type="number"
              required
              min="0.01"
              max="1000000"
              step="any"
              value={perSecond}
              onChange={(event) => setPerSecond(event.target.value)}
            />
          </span>
        </label>
        <label>
          At once, at most
          <span className="field">
            <input
              type="number"
              min="1"
              max="10000000"
              step="1"
              value={burst}
              placeholder="As many as in ten seconds"
              onChange={(event) => setBurst(event.target.value)}
            />
          </span>
        </label>
        {events > 0 ? (
          <p className="mut xs">
            That is {count(Math.round(events * 3600))} events an hour, and a batch of up to {count(atOnce)} after a silence.
          </p>
        ) : null}
        {change.error ? <Failure error={change.error} /> : null}
        <div className="row">
          <button type="submit" className="btn p" disabled={change.isPending || !(events > 0)}>
            Set the limit
          </button>
          <button type="button" className="btn g" onClick={onClose}>
            Cancel
          </button>
        </div>
      </form>
    </Dialog>
  );
}
