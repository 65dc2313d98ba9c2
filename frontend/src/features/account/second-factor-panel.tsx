import { useQuery } from "@tanstack/react-query";
import { useState, type SubmitEvent } from "react";
import { secondFactorQuery, useBeginSecondFactor, useConfirmSecondFactor, useRemoveSecondFactor, useRenewRecoveryCodes } from "@/api/account";
import { CopyButton } from "@/components/copy";
import { Panel } from "@/components/panel";
import { Failure, Loaded, SkeletonRows } from "@/components/states";
import { useToast } from "@/components/toast";
import { dayLong, plural } from "@/lib/format";
import { CodeForm } from "./code-form";

function RecoveryCodes({ codes, onDone }: { codes: string[]; onDone: () => void }) {
  const text = codes.join("\n");
  return (
    <div className="stack" style={{ gap: 12 }} role="status">
      <p>
        <b className="m">Keep these recovery codes.</b> Each signs you in once when the phone is lost. They are shown this once.
      </p>
      <div className="code-box">
        <pre className="code wrap-code" tabIndex={0} aria-label="Recovery codes">
          {text}
        </pre>
        <CopyButton text={text} what="Recovery codes" />
      </div>
      <div>
        <button type="button" className="btn p" onClick={onDone}>
          They are kept
        </button>
      </div>
    </div>
  );
}

function Begin({ begin }: { begin: ReturnType<typeof useBeginSecondFactor> }) {
  const [password, setPassword] = useState("");
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    begin.mutate(password, { onSuccess: () => setPassword("") });
  };
  return (
    <form className="stack form" style={{ gap: 12 }} onSubmit={submit}>
      <p className="mut">Off. With it, signing in asks for a code of an authenticator app beside your password.</p>
      <label>
        Your password
        <span className="field">
          <input type="password" required autoComplete="current-password" value={password} onChange={(event) => setPassword(event.target.value)} />
        </span>
      </label>
      {begin.error ? <Failure error={begin.error} /> : null}
      <div>
        <button type="submit" className="btn p" disabled={begin.isPending}>
          Set up a second factor
        </button>
      </div>
    </form>
  );
}

function Enrol({ onCodes }: { onCodes: (codes: string[]) => void }) {
  const begin = useBeginSecondFactor();
  const confirm = useConfirmSecondFactor();
  if (!begin.data) return <Begin begin={begin} />;
  return (
    <div className="stack" style={{ gap: 12 }}>
      <p>
        Enter this key in your authenticator app, or <a className="link" href={begin.data.uri}>open it in an app on this device</a>.
      </p>
      <div className="code-box">
        <pre className="code wrap-code" tabIndex={0} aria-label="Key for the app">
          {begin.data.secret.match(/.{1,4}/g)?.join(" ")}
        </pre>
        <CopyButton text={begin.data.secret} what="Key" />
      </div>
      <CodeForm
        label="The code that the app shows"
        button="Turn it on"
        pending={confirm.isPending}
        error={confirm.error}
        onCode={(code) => confirm.mutate(code, { onSuccess: (data) => onCodes(data.recovery_codes) })}
        onCancel={() => begin.reset()}
      />
    </div>
  );
}

function TurnedOn({ since, left, onCodes }: { since: string | null; left: number; onCodes: (codes: string[]) => void }) {
  const renew = useRenewRecoveryCodes();
  const remove = useRemoveSecondFactor();
  const toast = useToast();
  const [asked, setAsked] = useState<"renew" | "remove" | null>(null);
  if (asked === "renew") {
    return (
      <CodeForm
        label="A code of the app"
        button="Make new recovery codes"
        pending={renew.isPending}
        error={renew.error}
        onCode={(code) => renew.mutate(code, { onSuccess: (data) => onCodes(data.recovery_codes) })}
        onCancel={() => setAsked(null)}
      />
    );
  }
  if (asked === "remove") {
    return (
      <CodeForm
        label="A code of the app, or a recovery code"
        button="Turn it off"
        pending={remove.isPending}
        error={remove.error}
        onCode={(code) => remove.mutate(code, { onSuccess: () => toast("Signing in no longer asks for a code.") })}
        onCancel={() => setAsked(null)}
      />
    );
  }
  return (
    <div className="stack" style={{ gap: 12 }}>
      <p>
        <span className="tag ok">On</span>{" "}
        <span className="mut">
          {since ? `since ${dayLong(since.slice(0, 10))}, ` : ""}
          {plural(left, "recovery code", "recovery codes")} left
        </span>
      </p>
      <div className="row w gap4">
        <button type="button" className="btn" onClick={() => setAsked("renew")}>
          New recovery codes
        </button>
        <button type="button" className="btn g" onClick={() => setAsked("remove")}>
          Turn off
        </button>
      </div>
    </div>
  );
}

/** Codes of an authenticator app beside the password. */
export function SecondFactorPanel() {
  const query = useQuery(secondFactorQuery);
  const [codes, setCodes] = useState<string[] | null>(null);
  return (
    <Panel title="Second factor" evidence={<span>Each code is taken once; an admin can take a lost factor away</span>}>
      <Loaded query={query} skeleton={<SkeletonRows rows={2} widths={[0]} />}>
        {(data) => (
          <div className="pb">
            {codes ? (
              <RecoveryCodes codes={codes} onDone={() => setCodes(null)} />
            ) : data.on ? (
              <TurnedOn since={data.since} left={data.recovery_codes_left} onCodes={setCodes} />
            ) : (
              <Enrol onCodes={setCodes} />
            )}
          </div>
        )}
      </Loaded>
    </Panel>
  );
}
