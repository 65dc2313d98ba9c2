import { useQuery } from "@tanstack/react-query";
import { actionsQuery, useUndo } from "@/api/quarantine";
import type { LoggedAction } from "@/api/types";
import { Panel } from "@/components/panel";
import { Failure, Loaded, SkeletonRows } from "@/components/states";
import { useToast } from "@/components/toast";
import { ago, count, utc } from "@/lib/format";

const DONE: Record<string, string> = {
  ignore: "Ignored",
  replay: "Read again",
  correct: "Corrected a copy",
  undo: "Taken back",
};
const REVERSIBLE = new Set(["ignore", "correct"]);

function entries(action: LoggedAction): string {
  const number = action.before.open ?? action.before.ignored;
  return typeof number === "number" ? `, ${count(number)} ${number === 1 ? "entry" : "entries"}` : "";
}

/** Who did what about the quarantine, and taking it back. */
export function LogPanel({ may }: { may: boolean }) {
  const query = useQuery(actionsQuery);
  const undo = useUndo();
  const toast = useToast();
  return (
    <Panel title="Done lately" evidence={<span>Every action is kept, with what was there before and after</span>}>
      {undo.error ? <Failure error={undo.error} /> : null}
      <Loaded query={query} skeleton={<SkeletonRows rows={3} widths={[96, 0, 64]} />}>
        {(data) =>
          data.items.length === 0 ? (
            <p className="pb mut">Nothing was done yet.</p>
          ) : (
            <ul className="list ruled">
              {data.items.map((action) => (
                <li key={action.id}>
                  <span className="grow breaks">
                    <b className="m">
                      {DONE[action.action] ?? action.action}
                      {entries(action)}
                    </b>
                    {action.reason ? <span>: {action.reason}</span> : null}
                    <span className="mut xs block">
                      {action.target} · {action.actor}, <span title={utc(action.at)}>{ago(action.at)}</span>
                    </span>
                  </span>
                  {action.undone ? (
                    <span className="mut">taken back</span>
                  ) : may && REVERSIBLE.has(action.action) ? (
                    <button
                      type="button"
                      className="btn g"
                      disabled={undo.isPending}
                      aria-label={`Undo: ${DONE[action.action] ?? action.action} ${action.target}`}
                      onClick={() => undo.mutate(action.id, { onSuccess: () => toast("Taken back. It is in the queue again.") })}
                    >
                      Undo
                    </button>
                  ) : null}
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </Panel>
  );
}
