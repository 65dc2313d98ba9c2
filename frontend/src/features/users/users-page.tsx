import { useQuery } from "@tanstack/react-query";
import { useState, type SubmitEvent } from "react";
import { meQuery } from "@/api/auth";
import { useAddUser, useChangeUser, useRemoveUser, usersQuery } from "@/api/users";
import type { User } from "@/api/types";
import { CopyButton } from "@/components/copy";
import { Panel } from "@/components/panel";
import { Page } from "@/components/shell/page";
import { Failure, Loaded, NoPermission, SkeletonRows } from "@/components/states";
import { useToast } from "@/components/toast";
import { ago, plural, utc } from "@/lib/format";
import { words } from "@/lib/nouns";
import { SignIns } from "./sign-ins";

const ROLES = [
  { role: "analyst", words: "Analyst, reads everything" },
  { role: "rep", words: "Rep, sees what is theirs" },
  { role: "manager", words: "Manager, sees their team" },
  { role: "admin", words: "Admin, also makes keys and users" },
] as const;

const SCOPES = [
  { scope: "own", words: "Own records" },
  { scope: "team", words: "Team, all below" },
  { scope: "all", words: "Everything" },
] as const;

type Scope = (typeof SCOPES)[number]["scope"];
type Role = (typeof ROLES)[number]["role"];

function AddPanel() {
  const add = useAddUser();
  const [email, setEmail] = useState("");
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("analyst");
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    add.mutate(
      { email, role, ...(name ? { name } : {}) },
      {
        onSuccess: () => {
          setEmail("");
          setName("");
        },
      },
    );
  };
  return (
    <Panel title="Add a person" evidence={<span>The link signs in once, within 24 hours; the person then sets a password</span>}>
      <form className="pb stack form" style={{ gap: 12 }} onSubmit={submit}>
        <label>
          E-mail
          <span className="field">
            <input type="email" required value={email} onChange={(event) => setEmail(event.target.value)} />
          </span>
        </label>
        <label>
          Name
          <span className="field">
            <input value={name} onChange={(event) => setName(event.target.value)} />
          </span>
        </label>
        <label>
          Role
          <span className="field">
            <select value={role} onChange={(event) => setRole(event.target.value as Role)}>
              {ROLES.map((one) => (
                <option key={one.role} value={one.role}>
                  {one.words}
                </option>
              ))}
            </select>
          </span>
        </label>
        {add.error ? <Failure error={add.error} /> : null}
        <div>
          <button type="submit" className="btn p" disabled={add.isPending}>
            Make a sign-in link
          </button>
        </div>
        {add.data ? (
          <div className="stack" style={{ gap: 4 }} role="status">
            <span className="m">One-time link for {add.data.user.email}. It is shown this once.</span>
            <div className="code-box">
              <pre className="code wrap-code" tabIndex={0} aria-label="Sign-in link">
                {add.data.link}
              </pre>
              <CopyButton text={add.data.link} what="Link" />
            </div>
          </div>
        ) : null}
      </form>
    </Panel>
  );
}

/** What a person may do, and whose records they see. The address ties them to an owner of the same address. */
function Rights({ user, own }: { user: User; own: boolean }) {
  const change = useChangeUser();
  const toast = useToast();
  const set = (body: { role?: Role; scope?: Scope }) =>
    change.mutate({ id: user.id, ...body }, { onSuccess: () => toast(`${user.email} has other rights from now on.`) });
  return (
    <div className="stack" style={{ gap: 4 }}>
      <span className="row w gap4">
        <span className="field">
          <select
            aria-label={`Role of ${user.email}`}
            value={user.role}
            disabled={own || change.isPending}
            onChange={(event) => set({ role: event.target.value as Role })}
          >
            {ROLES.map(({ role }) => (
              <option key={role} value={role}>
                {words(role)}
              </option>
            ))}
          </select>
        </span>
        <span className="field">
          <select
            aria-label={`What ${user.email} sees`}
            value={user.scope}
            disabled={user.role === "admin" || change.isPending}
            onChange={(event) => set({ scope: event.target.value as Scope })}
          >
            {SCOPES.map((one) => (
              <option key={one.scope} value={one.scope}>
                {one.words}
              </option>
            ))}
          </select>
        </span>
      </span>
      {change.error ? <span className="bad xs">{change.error.message}</span> : null}
    </div>
  );
}

/** Removing is asked once more: it ends the person's sessions at once and cannot be undone here. */
function Remove({ user }: { user: User }) {
  const remove = useRemoveUser();
  const toast = useToast();
  const [asked, setAsked] = useState(false);
  if (remove.error) return <span className="bad xs">{remove.error.message}</span>;
  if (!asked) {
    return (
      <button type="button" className="link" aria-label={`Remove ${user.email}`} onClick={() => setAsked(true)}>
        Remove
      </button>
    );
  }
  return (
    <span className="row gap4 justify-end">
      <button
        type="button"
        className="btn d"
        disabled={remove.isPending}
        onClick={() => remove.mutate(user.id, { onSuccess: () => toast(`${user.email} can no longer sign in.`) })}
      >
        Remove {user.email}
      </button>
      <button type="button" className="btn g" onClick={() => setAsked(false)}>
        Keep
      </button>
    </span>
  );
}

/** Who can sign in; for admins. */
export function UsersPage() {
  const { data: me } = useQuery(meQuery);
  const admin = me?.role === "admin";
  const query = useQuery({ ...usersQuery, enabled: admin });
  if (!admin) {
    return (
      <Page title="Users">
        <section className="panel">
          <NoPermission />
        </section>
      </Page>
    );
  }
  return (
    <Page title="Users">
      <div className="g12">
        <div className="s8">
          <Panel title="People" aside={query.data ? plural(query.data.items.length, "person", "people") : null}>
            <Loaded query={query} skeleton={<SkeletonRows rows={4} widths={[144, 0, 64, 72]} />}>
              {(data) => (
                <div className="scroll" role="region" aria-label="People, table" tabIndex={0}>
                  <table className="t tc">
                    <thead>
                      <tr>
                        <th>Person</th>
                        <th>Role and what they see</th>
                        <th className="hide-sm">Password</th>
                        <th className="r hide-sm">Last sign-in</th>
                        <th>
                          <span className="vh">Remove</span>
                        </th>
                      </tr>
                    </thead>
                    <tbody>
                      {data.items.map((user) => (
                        <tr key={user.id}>
                          <th scope="row" className="m two">
                            {user.name || user.email}
                            <small>{user.email}</small>
                          </th>
                          <td>
                            <Rights user={user} own={user.id === me.id} />
                          </td>
                          <td className="hide-sm mut">
                            {user.needs_password ? "not set" : "set"}
                            {user.second_factor ? ", with a code" : ""}
                          </td>
                          <td className="r num mut hide-sm" title={utc(user.last_sign_in_at)}>
                            {user.last_sign_in_at ? ago(user.last_sign_in_at) : "never"}
                          </td>
                          <td className="r">
                            {user.id === me.id ? (
                              <span className="mut">you</span>
                            ) : (
                              <span className="row w gap4 justify-end">
                                <SignIns user={user} />
                                <Remove user={user} />
                              </span>
                            )}
                          </td>
                        </tr>
                      ))}
                    </tbody>
                  </table>
                </div>
              )}
            </Loaded>
          </Panel>
        </div>
        <div className="s4">
          <AddPanel />
        </div>
      </div>
    </Page>
  );
}
