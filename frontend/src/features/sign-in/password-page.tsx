import { useQuery } from "@tanstack/react-query";
import { useState, type SubmitEvent } from "react";
import { meQuery, useSetPassword } from "@/api/auth";
import { Panel } from "@/components/panel";
import { Page } from "@/components/shell/page";
import { Failure } from "@/components/states";
import { useToast } from "@/components/toast";

/** Shorter ones are refused by the API too; saying it here spares a round trip. */
const SHORTEST = 10;

export function PasswordPage({ onDone }: { onDone: () => void }) {
  const { data: me } = useQuery(meQuery);
  const set = useSetPassword();
  const toast = useToast();
  const [current, setCurrent] = useState("");
  const [password, setPassword] = useState("");
  const first = me?.needs_password ?? true;
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    set.mutate(
      { password, ...(current ? { current } : {}) },
      {
        onSuccess: () => {
          toast("Password set. Other sessions of yours have ended.");
          onDone();
        },
      },
    );
  };
  return (
    <Page title={first ? "Set a password" : "Change password"}>
      <Panel className="narrow" title={me?.email ?? "You"}>
        <form className="stack pb form" onSubmit={submit}>
          {first ? (
            <p className="mut">The link that brought you here worked once. With a password you can come back without one.</p>
          ) : (
            <label>
              Current password
              <span className="field">
                <input
                  type="password"
                  autoComplete="current-password"
                  value={current}
                  onChange={(event) => setCurrent(event.target.value)}
                />
              </span>
              <span className="mut xs">Not asked when a sign-in link opened this session.</span>
            </label>
          )}
          <label>
            New password
            <span className="field">
              <input
                type="password"
                autoComplete="new-password"
                required
                minLength={SHORTEST}
                value={password}
                onChange={(event) => setPassword(event.target.value)}
              />
            </span>
            <span className="mut xs">At least {SHORTEST} characters. A sentence is easier to remember than signs.</span>
          </label>
          {set.error ? <Failure error={set.error} /> : null}
          <div className="row">
            <button type="submit" className="btn p" disabled={set.isPending}>
              Set password
            </button>
            {first ? (
              <button type="button" className="btn g" onClick={onDone}>
                Later
              </button>
            ) : null}
          </div>
        </form>
      </Panel>
    </Page>
  );
}
