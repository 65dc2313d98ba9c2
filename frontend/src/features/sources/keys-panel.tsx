import { useQuery } from "@tanstack/react-query";
import { meQuery } from "@/api/auth";
import { useCreateKey, useRevokeKey } from "@/api/sources";
import type { SourceDetail } from "@/api/types";
import { CopyButton } from "@/components/copy";
import { Icon } from "@/components/icon";
import { Panel } from "@/components/panel";
import { Empty, Failure } from "@/components/states";
import { useToast } from "@/components/toast";
import { useStanding } from "@/lib/as-of";
import { ago, utc } from "@/lib/format";

/** Write keys: made by admins, shown once, revoked at once. */
export function KeysPanel({ source }: { source: SourceDetail }) {
  const { data: me } = useQuery(meQuery);
  const { asOf } = useStanding();
  const create = useCreateKey();
  const revoke = useRevokeKey(source.source);
  const toast = useToast();
  // The past is for reading.
  const may = me?.role === "admin" && !asOf;
  const fresh = create.data;
  return (
    <Panel
      title="Keys"
      actions={
        may ? (
          <button type="button" className="btn" disabled={create.isPending} onClick={() => create.mutate({ source: source.source })}>
            <Icon name="plus" />
            New key
          </button>
        ) : null
      }
      evidence={
        <span>{may ? "A key can post events of this source and nothing else" : "Only an admin makes and revokes keys"}</span>
      }
    >
      {create.error ? <Failure error={create.error} /> : null}
      {revoke.error ? <Failure error={revoke.error} /> : null}
      {fresh ? (
        <div className="pb stack" style={{ gap: 8 }}>
          <span className="m">New key. It is shown this once.</span>
          <div className="code-box">
            <pre className="code">{fresh.key}</pre>
            <CopyButton text={fresh.key} what="Key" />
          </div>
        </div>
      ) : null}
      {source.keys.length === 0 ? (
        <Empty title="No keys">Without one, nothing can be posted for this source.</Empty>
      ) : (
        <div className="scroll" role="region" aria-label="Keys, table" tabIndex={0}>
          <table className="t tc">
            <thead>
              <tr>
                <th>Key</th>
                <th>Made</th>
                {may ? (
                  <th>
                    <span className="vh">Revoke</span>
                  </th>
                ) : null}
              </tr>
            </thead>
            <tbody>
              {source.keys.map((key) => (
                <tr key={key.id}>
                  <td className="two">
                    <span className="mono">ends …{key.ends}</span>
                    <small>by {key.created_by}</small>
                  </td>
                  <td className="num" title={utc(key.created_at)}>
                    {ago(key.created_at)}
                  </td>
                  {may ? (
                    <td className="r">
                      <button
                        type="button"
                        className="link"
                        disabled={revoke.isPending}
                        aria-label={`Revoke the key that ends in ${key.ends}`}
                        onClick={() =>
                          revoke.mutate(key.id, { onSuccess: () => toast(`The key that ends in ${key.ends} no longer works.`) })
                        }
                      >
                        Revoke
                      </button>
                    </td>
                  ) : null}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  );
}
