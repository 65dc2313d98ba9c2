import type { OwnSession } from "@/api/types";
import { useEndSession } from "@/api/account";
import { Failure } from "@/components/states";
import { useToast } from "@/components/toast";
import { agentWords } from "@/lib/agent";
import { ago, utc } from "@/lib/format";

/** Where somebody is signed in, each with the way out of it. */
export function SessionList({ items, user }: { items: OwnSession[]; user?: string }) {
  const end = useEndSession(user);
  const toast = useToast();
  if (items.length === 0) return <p className="pb mut">Signed in nowhere.</p>;
  return (
    <>
      {end.error ? <Failure error={end.error} /> : null}
      <ul className="list ruled">
        {items.map((one) => (
          <li key={one.id}>
            <span className="grow breaks">
              <b className="m" title={one.agent}>
                {agentWords(one.agent)}
              </b>
              <span className="mut xs block">
                from <span className="mono">{one.place}</span>
                {one.by_link ? " by a link" : ""}, used <span title={utc(one.last_used_at)}>{ago(one.last_used_at)}</span>, since{" "}
                <span title={utc(one.started_at)}>{ago(one.started_at)}</span>
              </span>
            </span>
            {one.current ? (
              <span className="tag">this one</span>
            ) : (
              <button
                type="button"
                className="btn g"
                disabled={end.isPending}
                aria-label={`End: ${agentWords(one.agent)} from ${one.place}`}
                onClick={() => end.mutate(one.id, { onSuccess: () => toast(`Signed out: ${agentWords(one.agent)}.`) })}
              >
                End
              </button>
            )}
          </li>
        ))}
      </ul>
    </>
  );
}
