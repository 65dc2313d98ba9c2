import { useState } from "react";
import { useRevokeKey } from "@/api/sources";
import type { SourceDetail, WriteKey } from "@/api/types";
import { Icon } from "@/components/icon";
import { Panel } from "@/components/panel";
import { Empty } from "@/components/states";
import { useToast } from "@/components/toast";
import { ago, moment, utc } from "@/lib/format";
import { ConfirmDialog } from "./confirm-dialog";
import { NewKeyDialog } from "./new-key-dialog";
import { RotateDialog } from "./rotate-dialog";
import { Secret } from "./secret";

/** A source has at most this many keys that live: the one in use, and the one that replaces it. */
const MOST_LIVE = 2;

function End({ of }: { of: WriteKey }) {
  if (of.expires_at === null) return <span className="mut">when revoked</span>;
  return (
    <span className={`tag ${of.live ? "warn" : "bad"}`} title={utc(of.expires_at)}>
      {of.live ? moment(of.expires_at) : `ended ${moment(of.expires_at)}`}
    </span>
  );
}

type Doing = { what: "make" } | { what: "rotate" | "revoke"; key: WriteKey };

function KeyRow({ of, may, full, onDo }: { of: WriteKey; may: boolean; full: boolean; onDo: (doing: Doing) => void }) {
  const used = of.last_used_at === null ? "never used" : `used ${ago(of.last_used_at)}`;
  return (
    <tr>
      <td className="two wrap">
        <span className="mono nw">ends …{of.ends}</span>
        <small className="wrap">
          {of.entities.length === 0 ? "posts any word" : `posts ${of.entities.join(", ")}`}
          {of.temporary ? ", for one import" : ""}
        </small>
        <span className="only-sm mut">
          {used}, made {ago(of.created_at)}
        </span>
      </td>
      <td className="two wrap hide-sm">
        <span title={utc(of.last_used_at)}>{used}</span>
        <small className="wrap" title={utc(of.created_at)}>
          made {ago(of.created_at)} by {of.created_by}
        </small>
      </td>
      <td>
        <End of={of} />
      </td>
      {may ? (
        <td className="r">
          <span className="row w justify-end gap4">
            {of.live && !of.temporary && !full ? (
              <button
                type="button"
                className="link"
                aria-label={`Replace the key that ends in ${of.ends}`}
                onClick={() => onDo({ what: "rotate", key: of })}
              >
                Replace
              </button>
            ) : null}
            <button
              type="button"
              className="link"
              aria-label={`Revoke the key that ends in ${of.ends}`}
              onClick={() => onDo({ what: "revoke", key: of })}
            >
              Revoke
            </button>
          </span>
        </td>
      ) : null}
    </tr>
  );
}

/** Write keys: made by admins, shown once, replaced without a gap, revoked at once. */
export function KeysPanel({ source, may }: { source: SourceDetail; may: boolean }) {
  const revoke = useRevokeKey(source.source);
  const toast = useToast();
  const [doing, setDoing] = useState<Doing | null>(null);
  const [made, setMade] = useState<{ secret: string; old: string } | null>(null);
  const full = source.keys.filter((key) => key.live && !key.temporary).length >= MOST_LIVE;
  const close = () => {
    revoke.reset();
    setDoing(null);
  };
  const show = (secret: string, old = "") => {
    setMade({ secret, old });
    close();
  };
  return (
    <Panel
      title="Keys"
      actions={
        may ? (
          <button type="button" className="btn" disabled={full} onClick={() => setDoing({ what: "make" })}>
            <Icon name="plus" />
            New key
          </button>
        ) : null
      }
      evidence={
        <span>
          {may
            ? full
              ? "Two keys work at a time: revoke one to make another"
              : "A key can post events of this source and nothing else"
            : "Only an admin makes and revokes keys"}
        </span>
      }
    >
      {made ? (
        <div className="pb stack" style={{ gap: 8 }}>
          <Secret secret={made.secret}>
            <b className="m">New key. It is shown this once.</b>
            {made.old ? <span className="mut block">{made.old}</span> : null}
          </Secret>
          <div>
            <button type="button" className="btn" onClick={() => setMade(null)}>
              I have it
            </button>
          </div>
        </div>
      ) : null}
      {source.keys.length === 0 ? (
        <Empty icon="key" title="No keys">
          Without one, nothing can be posted for this source.
        </Empty>
      ) : (
        <div className="scroll" role="region" aria-label="Keys, table" tabIndex={0}>
          <table className="t tc">
            <thead>
              <tr>
                <th>Key</th>
                <th className="hide-sm">Use</th>
                <th>Ends</th>
                {may ? (
                  <th>
                    <span className="vh">Replace or revoke</span>
                  </th>
                ) : null}
              </tr>
            </thead>
            <tbody>
              {source.keys.map((key) => (
                <KeyRow key={key.id} of={key} may={may} full={full} onDo={setDoing} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {doing?.what === "make" ? <NewKeyDialog source={source.source} onMade={(secret) => show(secret)} onClose={close} /> : null}
      {doing?.what === "rotate" ? (
        <RotateDialog
          source={source.source}
          old={doing.key}
          onMade={(secret, oldEndsAt) => {
            const old = `The key that ends in ${doing.key.ends}`;
            const both = Date.parse(oldEndsAt) > Date.now();
            show(secret, both ? `${old} works beside it until ${moment(oldEndsAt)}, then only this one.` : `${old} no longer works.`);
          }}
          onClose={close}
        />
      ) : null}
      {doing?.what === "revoke" ? (
        <ConfirmDialog
          title={`Revoke the key that ends in ${doing.key.ends}`}
          action="Revoke the key"
          pending={revoke.isPending}
          error={revoke.error}
          onClose={close}
          onConfirm={() =>
            revoke.mutate(doing.key.id, {
              onSuccess: () => {
                close();
                toast(`The key that ends in ${doing.key.ends} no longer works.`);
              },
            })
          }
        >
          {doing.key.last_used_at === null ? "It was never used." : `It was last used ${ago(doing.key.last_used_at)}.`} Whoever posts with it
          is refused within seconds, and it can’t be brought back.
        </ConfirmDialog>
      ) : null}
    </Panel>
  );
}
