import type { NewVerification } from "@/api/types";

export type Hmac = NonNullable<NewVerification["options"]>;

export const PLAIN: Hmac = { header: "X-Signature", algorithm: "sha256", encoding: "hex", prefix: "" };
const ALGORITHMS = { sha256: "SHA-256", sha1: "SHA-1", sha512: "SHA-512" };
const ENCODINGS = { hex: "Hexadecimal", base64: "Base64" };

/** Where the signature stands and how it is written, for senders without a scheme of their own. */
export function HmacFields({ options, onChange }: { options: Hmac; onChange: (options: Hmac) => void }) {
  return (
    <>
      <label>
        Header
        <span className="field">
          <input
            required
            pattern="[A-Za-z0-9\-]{1,100}"
            value={options.header}
            onChange={(event) => onChange({ ...options, header: event.target.value })}
          />
        </span>
      </label>
      <div className="two-fields">
        <label>
          Hash
          <span className="field">
            <select
              value={options.algorithm}
              onChange={(event) => onChange({ ...options, algorithm: event.target.value as Hmac["algorithm"] })}
            >
              {Object.entries(ALGORITHMS).map(([name, label]) => (
                <option key={name} value={name}>
                  {label}
                </option>
              ))}
            </select>
          </span>
        </label>
        <label>
          Written as
          <span className="field">
            <select
              value={options.encoding}
              onChange={(event) => onChange({ ...options, encoding: event.target.value as Hmac["encoding"] })}
            >
              {Object.entries(ENCODINGS).map(([name, label]) => (
                <option key={name} value={name}>
                  {label}
                </option>
              ))}
            </select>
          </span>
        </label>
      </div>
      <label>
        Before the signature
        <span className="field">
          <input
            maxLength={32}
            value={options.prefix}
            placeholder="Nothing, or such as sha256="
            onChange={(event) => onChange({ ...options, prefix: event.target.value })}
          />
        </span>
      </label>
    </>
  );
}
