import { useQuery } from "@tanstack/react-query";
import { useState, type SubmitEvent } from "react";
import { ownTokensQuery, useMakeToken, useRevokeToken } from "@/api/account";
import { meQuery } from "@/api/auth";
import type { NewOwnToken, OwnToken } from "@/api/types";
import { CopyButton } from "@/components/copy";
import { Panel } from "@/components/panel";
import { Failure, Loaded, SkeletonRows } from "@/components/states";
import { useToast } from "@/components/toast";
import { ago, momentShort, utc } from "@/lib/format";

type Rights = NonNullable<NewOwnToken["rights"]>;

const RIGHTS: { rights: Rights; words: string; short: string }[] = [
  { rights: "read", words: "Read what you see", short: "reads" },
  { rights: "write", words: "Read and work", short: "reads and works" },
  { rights: "admin", words: "All that an admin may", short: "may all that an admin may" },
];
const DAYS = [7, 30, 90, 365];

function MakeToken({ admin }: { admin: boolean }) {
  const make = useMakeToken();
  const [name, setName] = useState("");
  const [rights, setRights] = useState<Rights>("read");
  const [days, setDays] = useState(30);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const expires_at = new Date(Date.now() + days * 864e5).toISOString();
    make.mutate({ name, rights, expires_at }, { onSuccess: () => setName("") });
  };
  return (
    <form className="pb stack form" style={{ gap: 12 }} onSubmit={submit}>
      <div className="audit-filters" style={{ padding: 0 }}>
        <label>
          What it is for
          <span className="field">
            <input required maxLength={200} value={name} onChange={(event) => setName(event.target.value)} />
          </span>
        </label>
        <label>
          It may
          <span className="field">
            <select value={rights} onChange={(event) => setRights(event.target.value as Rights)}>
              {RIGHTS.filter((one) => admin || one.rights !== "admin").map((one) => (
                <option key={one.rights} value={one.rights}>
                  {one.words}
                </option>
              ))}
            </select>
          </span>
        </label>
        <label>
          Ends after
          <span className="field">
            <select value={days} onChange={(event) => setDays(Number(event.target.value))}>
              {DAYS.map((one) => (
                <option key={one} value={one}>
                  {one} days
                </option>
              ))}
            </select>
          </span>
        </label>
        <span>
          <button type="submit" className="btn p" disabled={make.isPending}>
            Make a token
          </button>
        </span>
      </div>
      {make.error ? <Failure error={make.error} /> : null}
      {make.data ? (
        <div className="stack" style={{ gap: 4 }} role="status">
          <span className="m">It is shown this once. Keep it where passwords are kept.</span>
          <div className="code-box">
            <pre className="code wrap-code" tabIndex={0} aria-label="New token">
              {make.data.token}
            </pre>
            <CopyButton text={make.data.token} what="Token" />
          </div>
        </div>
      ) : null}
    </form>
  );
}

function ends(token: OwnToken): string {
  if (!token.expires_at) return "";
  return new Date(token.expires_at).getTime() < Date.now() ? "has ended" : `ends ${momentShort(token.expires_at)}`;
}

/** Programs that act as me. */
export function TokensPanel() {
  const { data: me } = useQuery(meQuery);
  const query = useQuery(ownTokensQuery);
  const revoke = useRevokeToken();
  const toast = useToast();
  return (
    <Panel
      title="API tokens"
      evidence={
        <span>
          <code className="mono">Authorization: Bearer TOKEN</code> acts as you, with your role at that moment or less
        </span>
      }
    >
      <MakeToken admin={me?.role === "admin"} />
      {revoke.error ? <Failure error={revoke.error} /> : null}
      <Loaded query={query} skeleton={<SkeletonRows rows={2} widths={[0, 48]} />}>
        {(data) =>
          data.items.length === 0 ? (
            <p className="pb mut">You have none.</p>
          ) : (
            <ul className="list ruled">
              {data.items.map((token) => (
                <li key={token.id}>
                  <span className="grow breaks">
                    <b className="m">{token.name}</b> <span className="mono mut">…{token.ends_with}</span>
                    <span className="mut xs block">
                      {RIGHTS.find((one) => one.rights === token.rights)?.short},{" "}
                      {token.last_used_at ? (
                        <span title={utc(token.last_used_at)}>used {ago(token.last_used_at)}</span>
                      ) : (
                        "not used yet"
                      )}
                      , <span title={utc(token.expires_at)}>{ends(token)}</span>
                    </span>
                  </span>
                  <button
                    type="button"
                    className="btn g"
                    disabled={revoke.isPending}
                    aria-label={`Revoke ${token.name}`}
                    onClick={() => revoke.mutate(token.id, { onSuccess: () => toast(`${token.name} no longer works.`) })}
                  >
                    Revoke
                  </button>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </Panel>
  );
}
