import { useState, type SubmitEvent } from "react";
import { Failure } from "@/components/states";

/** Asks for a code of the app. */
export function CodeForm({
  label,
  button,
  pending,
  error,
  onCode,
  onCancel,
}: {
  label: string;
  button: string;
  pending: boolean;
  error: unknown;
  onCode: (code: string) => void;
  onCancel: () => void;
}) {
  const [code, setCode] = useState("");
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    onCode(code);
  };
  return (
    <form className="stack form" style={{ gap: 12 }} onSubmit={submit}>
      <label>
        {label}
        <span className="field">
          <input required autoComplete="one-time-code" maxLength={64} value={code} onChange={(event) => setCode(event.target.value)} />
        </span>
      </label>
      {error ? <Failure error={error} /> : null}
      <div className="row w gap4">
        <button type="submit" className="btn p" disabled={pending}>
          {button}
        </button>
        <button type="button" className="btn g" onClick={onCancel}>
          Cancel
        </button>
      </div>
    </form>
  );
}
