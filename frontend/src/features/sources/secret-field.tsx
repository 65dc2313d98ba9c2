import type { ReactNode } from "react";

/** A signing secret as it is typed: never shown, never kept by the browser. */
export function SecretField({ label, value, onChange }: { label: ReactNode; value: string; onChange: (secret: string) => void }) {
  return (
    <label>
      {label}
      <span className="field">
        <input
          type="password"
          autoComplete="off"
          required
          minLength={8}
          maxLength={512}
          value={value}
          onChange={(event) => onChange(event.target.value)}
        />
      </span>
    </label>
  );
}
