import { useState, type SubmitEvent } from "react";
import { useVerification } from "@/api/sources";
import { Icon } from "@/components/icon";
import { Failure } from "@/components/states";
import { SCHEMES, schemeOfKind } from "./schemes";
import { SecretField } from "./secret-field";

/** What a vendor signs its posts with, in the place of a key. */
export function SigningSecret({ source, kind }: { source: string; kind: string }) {
  const change = useVerification(source);
  const [secret, setSecret] = useState("");
  const scheme = schemeOfKind(kind);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    change.mutate({ scheme, secret, required: false });
  };
  if (change.data) {
    return (
      <span className="row ok" role="status">
        <Icon name="check" size={12} />
        Its posts are taken by their signature; no key has to be pasted.
      </span>
    );
  }
  return (
    <form className="stack" style={{ gap: 8 }} onSubmit={submit}>
      <SecretField label={<span className="mut xs">Signing secret. {SCHEMES[scheme].secret}</span>} value={secret} onChange={setSecret} />
      {change.error ? <Failure error={change.error} /> : null}
      <div>
        <button type="submit" className="btn" disabled={change.isPending || secret.length < 8}>
          Take posts by this signature
        </button>
      </div>
    </form>
  );
}
