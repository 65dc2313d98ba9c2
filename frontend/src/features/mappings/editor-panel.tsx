import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { meQuery } from "@/api/auth";
import { ApiError, type Fault } from "@/api/errors";
import { useApply, usePreview, useRollback } from "@/api/mappings";
import type { MappingDocument } from "@/api/types";
import { Icon } from "@/components/icon";
import { Panel } from "@/components/panel";
import { Failure } from "@/components/states";
import { useToast } from "@/components/toast";
import { PreviewView } from "./preview-view";

function Faults({ faults }: { faults: Fault[] }) {
  return (
    <ul className="list ruled">
      {faults.map(({ field, line, message }) => (
        <li key={`${line} ${field} ${message}`}>
          <span className="warn">
            <Icon name="warning" size={14} />
          </span>
          <span className="grow wrap">
            {line === null ? null : <b className="num">Line {line}: </b>}
            {field ? <span className="mono">{field} </span> : null}
            {message}
          </span>
        </li>
      ))}
    </ul>
  );
}

/** The document's text, what a change of it would do to real events, and putting it in force. */
export function EditorPanel({ document }: { document: MappingDocument }) {
  const { data: me } = useQuery(meQuery);
  const may = me?.role === "admin";
  // What was typed, on top of which version; null while the document stands as it is in force.
  const [typed, setTyped] = useState<{ text: string; over: number } | null>(null);
  const text = typed?.text ?? document.text;
  const preview = usePreview();
  const apply = useApply();
  const back = useRollback({ scope: document.scope, type: document.record_type });
  const toast = useToast();
  const changed = text !== document.text;
  // What was looked at is what is put in force: another letter has to be looked at again.
  const seen = preview.isSuccess && preview.variables === text;
  const error = apply.error ?? preview.error ?? back.error;
  const faults = error instanceof ApiError ? error.faults : [];
  const type = (next: string) => {
    apply.reset();
    setTyped({ text: next, over: typed?.over ?? document.version });
  };
  const look = () => {
    apply.reset();
    preview.mutate(text);
  };
  const put = () =>
    apply.mutate(text, {
      onSuccess: ({ version, changed: differs }) => {
        setTyped(null);
        if (!differs) toast("The same document was in force already.");
        else
          toast(`Version ${version} is in force. Earlier events are read again by it.`, {
            label: "Undo",
            run: () => back.mutate(document.version),
          });
      },
    });
  return (
    <Panel
      title={document.version === 0 ? "As shipped" : `Version ${document.version}`}
      actions={
        may ? (
          <>
            <button type="button" className="btn" disabled={!changed || preview.isPending} onClick={look}>
              {preview.isPending ? "Reading events …" : "Preview"}
            </button>
            <button type="button" className="btn p" disabled={!changed || !seen || apply.isPending} onClick={put}>
              Put in force
            </button>
          </>
        ) : null
      }
      evidence={
        <span>{may ? "A change is looked at on real events before it is put in force" : "Admins change it; you can read it"}</span>
      }
    >
      {typed !== null && typed.over !== document.version ? (
        <div className="pb">
          <div className="note warn">
            <Icon name="warning" size={14} />
            <span>Version {document.version} was put in force while you typed. What you typed goes over it.</span>
          </div>
        </div>
      ) : null}
      <textarea
        className="mono editor"
        aria-label="Mapping document"
        spellCheck={false}
        readOnly={!may}
        rows={Math.min(28, text.split("\n").length + 1)}
        value={text}
        onChange={(event) => type(event.target.value)}
      />
      {faults.length > 0 ? <Faults faults={faults} /> : error ? <Failure error={error} /> : null}
      {seen ? <PreviewView preview={preview.data} /> : null}
    </Panel>
  );
}
