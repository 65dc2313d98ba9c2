import { useState, type SubmitEvent } from "react";
import { useRotateKey } from "@/api/sources";
import type { WriteKey } from "@/api/types";
import { Dialog } from "@/components/dialog";
import { Failure } from "@/components/states";
import { moment, parseTime } from "@/lib/format";

const HOUR_MS = 3_600_000;
const GRACES = [
  { hours: 0, words: "At once" },
  { hours: 1, words: "In an hour" },
  { hours: 24, words: "In 24 hours" },
  { hours: 168, words: "In 7 days" },
  { hours: 720, words: "In 30 days" },
];

interface Props {
  source: string;
  old: WriteKey;
  onMade: (secret: string, oldEndsAt: string) => void;
  onClose: () => void;
}

/** Replaces a key: both work for a while, so that no event is lost while the sender changes over. */
export function RotateDialog({ source, old, onMade, onClose }: Props) {
  const rotate = useRotateKey(source);
  const [hours, setHours] = useState(24);
  const [opened] = useState(Date.now);
  const own = parseTime(old.expires_at)?.getTime() ?? Infinity;
  const ends = new Date(Math.min(opened + hours * HOUR_MS, own)).toISOString();
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    rotate.mutate({ id: old.id, graceHours: hours }, { onSuccess: (made) => onMade(made.key, made.old_expires_at) });
  };
  const title = `Replace the key that ends in ${old.ends}`;
  return (
    <Dialog label={title} className="ask" onClose={onClose}>
      <form className="pb stack form" style={{ gap: 12, paddingTop: 16 }} onSubmit={submit}>
        <strong className="m">{title}</strong>
        <p className="mut">A new key is made that may do the same. Both work until the old one ends.</p>
        <label>
          The old key ends
          <span className="field">
            <select value={hours} onChange={(event) => setHours(Number(event.target.value))}>
              {GRACES.map((grace) => (
                <option key={grace.hours} value={grace.hours}>
                  {grace.words}
                </option>
              ))}
            </select>
          </span>
        </label>
        <p className="mut xs">
          {hours === 0 ? "Posts with the old key are refused from now on." : `Both work until ${moment(ends)}, then only the new one.`}
        </p>
        {rotate.error ? <Failure error={rotate.error} /> : null}
        <div className="row">
          <button type="submit" className="btn p" disabled={rotate.isPending}>
            Make the new key
          </button>
          <button type="button" className="btn g" onClick={onClose}>
            Cancel
          </button>
        </div>
      </form>
    </Dialog>
  );
}
