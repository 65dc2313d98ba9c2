import { useState, type SubmitEvent } from "react";
import { useCorrect, useUndo } from "@/api/quarantine";
import type { QuarantineItem } from "@/api/types";
import { Dialog } from "@/components/dialog";
import { Failure } from "@/components/states";
import { useToast } from "@/components/toast";
import { layOut } from "@/lib/json-bytes";

/** Why a text is no JSON object, in the browser's words; null when it is one. */
function fault(text: string): string | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? null : "It must be one JSON object.";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Edits a copy of an event's payload. What came stays as it came. */
export function CorrectDialog({ item, text, onClose }: { item: QuarantineItem; text: string; onClose: () => void }) {
  const correct = useCorrect();
  const undo = useUndo();
  const toast = useToast();
  const [before] = useState(() => layOut(text));
  const [body, setBody] = useState(before);
  const [reason, setReason] = useState("");
  const wrong = fault(body);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    correct.mutate(
      { eventId: item.event_id, body, reason: reason.trim() },
      {
        onSuccess: (made) => {
          onClose();
          toast("The corrected copy stands in for the event.", { label: "Undo", run: () => undo.mutate(made.id) });
        },
      },
    );
  };
  return (
    <Dialog label="Correct a copy" className="ask wide" onClose={onClose}>
      <form className="pb stack form" style={{ gap: 12, paddingTop: 16 }} onSubmit={submit}>
        <strong className="m">Correct a copy</strong>
        <p className="mut">
          The copy is an event of its own that stands in for this one, for the same record and at the same time. The bytes that came stay as
          they came, and it can be taken back.
        </p>
        <label>
          Payload
          <textarea
            className="code-edit mono"
            rows={14}
            spellCheck={false}
            value={body}
            aria-invalid={wrong !== null}
            onChange={(event) => setBody(event.target.value)}
          />
        </label>
        {wrong ? (
          <p className="bad xs" role="alert">
            {wrong}
          </p>
        ) : null}
        <label>
          Reason
          <span className="field">
            <input maxLength={1000} value={reason} onChange={(event) => setReason(event.target.value)} />
          </span>
        </label>
        {correct.error ? <Failure error={correct.error} /> : null}
        <div className="row">
          <button type="submit" className="btn p" disabled={correct.isPending || wrong !== null || body === before}>
            Post the copy
          </button>
          <button type="button" className="btn g" onClick={onClose}>
            Cancel
          </button>
        </div>
      </form>
    </Dialog>
  );
}
