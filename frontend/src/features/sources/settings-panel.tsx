import { useQuery } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { policyQuery, useRate, useRemoveSecret, useVerification } from "@/api/sources";
import type { Policy } from "@/api/types";
import { Panel } from "@/components/panel";
import { Failure, Loaded, SkeletonRows } from "@/components/states";
import { useToast } from "@/components/toast";
import { ago, count, utc } from "@/lib/format";
import { ConfirmDialog } from "./confirm-dialog";
import { RateDialog } from "./rate-dialog";
import { schemeLabel } from "./schemes";
import { SecretDialog } from "./secret-dialog";
import { VerificationDialog } from "./verification-dialog";

type Doing = { what: "rate" | "verify" | "stop" | "secret" } | { what: "remove"; id: string };

function Setting({ label, children, actions }: { label: string; children: ReactNode; actions: ReactNode }) {
  return (
    <li className="settings-row">
      <span className="grow">
        <b className="m block">{label}</b>
        <span className="mut breaks">{children}</span>
      </span>
      {actions ? <span className="row w">{actions}</span> : null}
    </li>
  );
}

function Act({ label, children, onClick }: { label?: string; children: ReactNode; onClick: () => void }) {
  return (
    <button type="button" className="btn" onClick={onClick} {...(label && { "aria-label": label })}>
      {children}
    </button>
  );
}

function VerificationRow({ policy, may, onDo }: { policy: Policy; may: boolean; onDo: (doing: Doing) => void }) {
  const kept = policy.verification;
  if (!kept) {
    return (
      <Setting label="Signatures" actions={may ? <Act onClick={() => onDo({ what: "verify" })}>Verify signatures</Act> : null}>
        Not verified: a write key is all that a post needs.
      </Setting>
    );
  }
  return (
    <>
      <Setting
        label="Signatures"
        actions={
          may ? (
            <>
              {kept.secrets.length < 2 ? <Act onClick={() => onDo({ what: "secret" })}>Add a second secret</Act> : null}
              <Act onClick={() => onDo({ what: "stop" })}>Stop verifying</Act>
            </>
          ) : null
        }
      >
        {schemeLabel(kept.scheme)}
        {kept.options ? `, ${kept.options.algorithm} in ${kept.options.header}` : ""}.{" "}
        {kept.required ? "Posts without a right one are refused, also with a key." : "A right one stands for the key; a key alone does too."}
      </Setting>
      {kept.secrets.map((secret) => (
        <Setting
          key={secret.id}
          label="Signing secret"
          actions={
            may && kept.secrets.length > 1 ? (
              <Act label={`Remove the secret ${secret.id}`} onClick={() => onDo({ what: "remove", id: secret.id })}>
                Remove
              </Act>
            ) : null
          }
        >
          <span className="mono">{secret.id}</span>, <span title={utc(secret.created_at)}>added {ago(secret.created_at)}</span>
        </Setting>
      ))}
    </>
  );
}

/** What a source's posts must prove, and how many may come. Admins only. */
export function SettingsPanel({ source, kind, may }: { source: string; kind: string; may: boolean }) {
  const query = useQuery(policyQuery(source));
  const rate = useRate(source);
  const verification = useVerification(source);
  const removal = useRemoveSecret(source);
  const toast = useToast();
  const [doing, setDoing] = useState<Doing | null>(null);
  const close = () => {
    for (const mutation of [verification, removal]) mutation.reset();
    setDoing(null);
  };
  return (
    <Panel title="Intake" evidence={<span>In force here at once, in other processes within five seconds</span>}>
      {rate.error ? <Failure error={rate.error} /> : null}
      <Loaded query={query} skeleton={<SkeletonRows rows={3} widths={[0, 96]} />}>
        {(policy) => (
          <ul className="list ruled">
            <Setting
              label="Rate"
              actions={
                may ? (
                  <>
                    <Act onClick={() => setDoing({ what: "rate" })}>{policy.rate ? "Change limit" : "Set a limit"}</Act>
                    {policy.rate ? (
                      <Act
                        onClick={() => {
                          const before = policy.rate;
                          rate.mutate(null, {
                            onSuccess: () => toast("The limit is lifted.", { label: "Undo", run: () => rate.mutate(before) }),
                          });
                        }}
                      >
                        Lift limit
                      </Act>
                    ) : null}
                  </>
                ) : null
              }
            >
              {policy.rate
                ? `${policy.rate.events_per_second} events a second, at most ${count(policy.rate.burst)} at once; more is answered with 429.`
                : "No limit of its own: as much as the platform takes."}
            </Setting>
            <VerificationRow policy={policy} may={may} onDo={setDoing} />
          </ul>
        )}
      </Loaded>
      {doing?.what === "rate" ? <RateDialog source={source} rate={query.data?.rate ?? null} onClose={close} /> : null}
      {doing?.what === "verify" ? <VerificationDialog source={source} kind={kind} onClose={close} /> : null}
      {doing?.what === "secret" ? <SecretDialog source={source} onClose={close} /> : null}
      {doing?.what === "stop" ? (
        <ConfirmDialog
          title="Stop verifying signatures"
          action="Stop verifying"
          pending={verification.isPending}
          error={verification.error}
          onClose={close}
          onConfirm={() =>
            verification.mutate(null, {
              onSuccess: () => {
                close();
                toast("Signatures are no longer verified. Posts need a write key.");
              },
            })
          }
        >
          The secrets are forgotten, and whoever posts without a write key is refused. To verify again, the secret is pasted again.
        </ConfirmDialog>
      ) : null}
      {doing?.what === "remove" ? (
        <ConfirmDialog
          title="Remove a signing secret"
          action="Remove the secret"
          pending={removal.isPending}
          error={removal.error}
          onClose={close}
          onConfirm={() =>
            removal.mutate(doing.id, {
              onSuccess: () => {
                close();
                toast("Only the other secret is accepted.");
              },
            })
          }
        >
          What is signed with <span className="mono">{doing.id}</span> is refused from now on.
        </ConfirmDialog>
      ) : null}
    </Panel>
  );
}
