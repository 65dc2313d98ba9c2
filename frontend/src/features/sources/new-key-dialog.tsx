import { useState, type SubmitEvent } from "react";
import { useCreateKey } from "@/api/sources";
import { Dialog } from "@/components/dialog";
import { Failure } from "@/components/states";
import { moment } from "@/lib/format";
import { isWord, wordsOf } from "./words";

const DAY_MS = 86_400_000;
const LIVES = [
  { days: 0, words: "Until it is revoked" },
  { days: 7, words: "After 7 days" },
  { days: 30, words: "After 30 days" },
  { days: 90, words: "After 90 days" },
  { days: 365, words: "After a year" },
];

interface Props {
  source: string;
  onMade: (secret: string) => void;
  onClose: () => void;
}

/** Asks what a new key may post and when it ends. */
export function NewKeyDialog({ source, onMade, onClose }: Props) {
  const create = useCreateKey();
  const [scope, setScope] = useState("");
  const [days, setDays] = useState(0);
  const [opened] = useState(Date.now);
  const entities = wordsOf(scope);
  const wrong = entities.find((word) => !isWord(word));
  const end = (from: number) => (days === 0 ? null : new Date(from + days * DAY_MS).toISOString());
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    create.mutate({ source, entities, expiresAt: end(Date.now()) }, { onSuccess: (made) => onMade(made.key) });
  };
  return (
    <Dialog label="New key" className="ask" onClose={onClose}>
      <form className="pb stack form" style={{ gap: 12, paddingTop: 16 }} onSubmit={submit}>
        <strong className="m">New key</strong>
        <p className="mut">It can post events of this source and nothing else: no reading, no other source.</p>
        <label>
          What it may post
          <span className="field">
            <input
              value={scope}
              onChange={(event) => setScope(event.target.value)}
              placeholder="Such as: deal, contact"
              aria-invalid={wrong !== undefined}
              aria-describedby="key-scope"
            />
          </span>
        </label>
        <p id="key-scope" className={wrong === undefined ? "mut xs" : "bad xs"}>
          {wrong === undefined
            ? "Words of the address, with commas between them. Empty: every word."
            : `“${wrong}” is no word of an address: letters, digits, and . _ : - inside.`}
        </p>
        <label>
          Ends
          <span className="field">
            <select value={days} onChange={(event) => setDays(Number(event.target.value))}>
              {LIVES.map((life) => (
                <option key={life.days} value={life.days}>
                  {life.words}
                </option>
              ))}
            </select>
          </span>
        </label>
        {days > 0 ? <p className="mut xs">It works until {moment(end(opened))}, then posts with it are refused.</p> : null}
        {create.error ? <Failure error={create.error} /> : null}
        <div className="row">
          <button type="submit" className="btn p" disabled={create.isPending || wrong !== undefined}>
            Make the key
          </button>
          <button type="button" className="btn g" onClick={onClose}>
            Cancel
          </button>
        </div>
      </form>
    </Dialog>
  );
}
