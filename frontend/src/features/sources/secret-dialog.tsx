import { useState, type SubmitEvent } from "react";
import { useAddSecret } from "@/api/sources";
import { Dialog } from "@/components/dialog";
import { Failure } from "@/components/states";
import { useToast } from "@/components/toast";
import { SecretField } from "./secret-field";

/** A second signing secret, while the vendor changes over to it. */
export function SecretDialog({ source, onClose }: { source: string; onClose: () => void }) {
  const add = useAddSecret(source);
  const toast = useToast();
  const [secret, setSecret] = useState("");
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    add.mutate(secret, {
      onSuccess: () => {
        onClose();
        toast("Both secrets are accepted. Remove the old one when the vendor signs with the new one.");
      },
    });
  };
  return (
    <Dialog label="Add a second secret" className="ask" onClose={onClose}>
      <form className="pb stack form" style={{ gap: 12, paddingTop: 16 }} onSubmit={submit}>
        <strong className="m">Add a second secret</strong>
        <p className="mut">Posts that are signed with either one are taken, so that none is refused while the vendor changes over.</p>
        <SecretField label="Secret" value={secret} onChange={setSecret} />
        {add.error ? <Failure error={add.error} /> : null}
        <div className="row">
          <button type="submit" className="btn p" disabled={add.isPending || secret.length < 8}>
            Add the secret
          </button>
          <button type="button" className="btn g" onClick={onClose}>
            Cancel
          </button>
        </div>
      </form>
    </Dialog>
  );
}
