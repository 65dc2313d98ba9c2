import { useState, type ReactNode, type SubmitEvent } from "react";
import { Dialog } from "@/components/dialog";
import { Failure } from "@/components/states";

interface Props {
  title: string;
  explanation: ReactNode;
  action: string;
  pending: boolean;
  error: unknown;
  onSubmit: (reason: string) => void;
  onClose: () => void;
}

/** Asks why, for the log that everybody reads. */
export function ReasonDialog({ title, explanation, action, pending, error, onSubmit, onClose }: Props) {
  const [reason, setReason] = useState("");
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    onSubmit(reason.trim());
  };
  return (
    <Dialog label={title} className="ask" onClose={onClose}>
      <form className="pb stack form" style={{ gap: 12, paddingTop: 16 }} onSubmit={submit}>
        <strong className="m">{title}</strong>
        <p className="mut">{explanation}</p>
        <label>
          Reason
          <span className="field">
            <input
              required
              maxLength={1000}
              value={reason}
              onChange={(event) => setReason(event.target.value)}
              placeholder="Such as: test data of the vendor"
            />
          </span>
        </label>
        {error ? <Failure error={error} /> : null}
        <div className="row">
          <button type="submit" className="btn p" disabled={pending || reason.trim() === ""}>
            {action}
          </button>
          <button type="button" className="btn g" onClick={onClose}>
            Cancel
          </button>
        </div>
      </form>
    </Dialog>
  );
}
