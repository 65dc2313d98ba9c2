import { useState, type SubmitEvent } from "react";
import { useVerification } from "@/api/sources";
import type { NewVerification } from "@/api/types";
import { Dialog } from "@/components/dialog";
import { Failure } from "@/components/states";
import { useToast } from "@/components/toast";
import { HmacFields, PLAIN, type Hmac } from "./hmac-fields";
import { SCHEMES, schemeOfKind, type Scheme } from "./schemes";
import { SecretField } from "./secret-field";

/** How a vendor signs, and the secret that it signs with. */
export function VerificationDialog({ source, kind, onClose }: { source: string; kind: string; onClose: () => void }) {
  const change = useVerification(source);
  const toast = useToast();
  const [scheme, setScheme] = useState<Scheme>(schemeOfKind(kind));
  const [secret, setSecret] = useState("");
  const [required, setRequired] = useState(false);
  const [options, setOptions] = useState<Hmac>(PLAIN);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const wanted: NewVerification = { scheme, secret, required, ...(scheme === "hmac" && { options }) };
    change.mutate(wanted, {
      onSuccess: () => {
        onClose();
        toast(required ? "Every post needs a right signature from now on." : "A right signature stands for the key from now on.");
      },
    });
  };
  return (
    <Dialog label="Verify signatures" className="ask" onClose={onClose}>
      <form className="pb stack form" style={{ gap: 12, paddingTop: 16 }} onSubmit={submit}>
        <strong className="m">Verify signatures</strong>
        <label>
          How the vendor signs
          <span className="field">
            <select value={scheme} onChange={(event) => setScheme(event.target.value as Scheme)}>
              {Object.entries(SCHEMES).map(([name, { label }]) => (
                <option key={name} value={name}>
                  {label}
                </option>
              ))}
            </select>
          </span>
          <span className="xs mut">{SCHEMES[scheme].secret}</span>
        </label>
        <SecretField label="Secret" value={secret} onChange={setSecret} />
        <p className="xs mut">As the vendor shows it. It is kept encrypted and never shown again.</p>
        {scheme === "hmac" ? <HmacFields options={options} onChange={setOptions} /> : null}
        <span className="row">
          <input
            id="signature-required"
            className="tick-box"
            type="checkbox"
            checked={required}
            onChange={(event) => setRequired(event.target.checked)}
          />
          <label htmlFor="signature-required">Refuse posts without one, also with a valid key</label>
        </span>
        {change.error ? <Failure error={change.error} /> : null}
        <div className="row">
          <button type="submit" className="btn p" disabled={change.isPending || secret.length < 8}>
            Verify from now on
          </button>
          <button type="button" className="btn g" onClick={onClose}>
            Cancel
          </button>
        </div>
      </form>
    </Dialog>
  );
}
