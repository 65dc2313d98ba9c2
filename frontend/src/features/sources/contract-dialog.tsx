import { useState, type SubmitEvent } from "react";
import { useApplyContract, useRevertContract } from "@/api/sources";
import type { Contract, Draft } from "@/api/types";
import { Dialog } from "@/components/dialog";
import { Failure } from "@/components/states";
import { useToast } from "@/components/toast";
import { plural } from "@/lib/format";
import { fieldsOf } from "./contract-fields";

interface Props {
  source: string;
  word: string;
  draft: Draft;
  before: Contract | null;
  onClose: () => void;
}

/** Makes what was seen what is expected, from now on. */
export function ContractDialog({ source, word, draft, before, onClose }: Props) {
  const apply = useApplyContract(source);
  const revert = useRevertContract(source);
  const toast = useToast();
  const [action, setAction] = useState<Contract["action"]>(before?.action ?? "quarantine");
  const fields = [...fieldsOf(draft.schema).values()];
  const always = fields.filter((field) => field.always).length;
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    apply.mutate(
      { word, schema: draft.schema, action },
      {
        onSuccess: (made) => {
          onClose();
          toast(`Version ${made.version} of the contract of ${word} is in force.`, {
            label: "Undo",
            run: () => revert.mutate({ word, version: before?.version ?? null }),
          });
        },
      },
    );
  };
  return (
    <Dialog label="Expect what was seen" className="ask" onClose={onClose}>
      <form className="pb stack form" style={{ gap: 12, paddingTop: 16 }} onSubmit={submit}>
        <strong className="m">Expect what was seen</strong>
        <p className="mut breaks">
          The newest {plural(draft.events, "event")} of <span className="mono">{word}</span> have {plural(fields.length, "field")}. A record
          breaks the contract when one of the {always} that were always there is missing, or when a value has another type. Further fields
          are welcome.
        </p>
        <label>
          A record that breaks it is
          <span className="field">
            <select value={action} onChange={(event) => setAction(event.target.value as Contract["action"])}>
              <option value="quarantine">kept, but set aside in quarantine</option>
              <option value="refuse">refused with 422, for the sender to correct</option>
            </select>
          </span>
        </label>
        {apply.error ? <Failure error={apply.error} /> : null}
        <div className="row">
          <button type="submit" className="btn p" disabled={apply.isPending}>
            Put it in force
          </button>
          <button type="button" className="btn g" onClick={onClose}>
            Cancel
          </button>
        </div>
      </form>
    </Dialog>
  );
}
