import { useQuery } from "@tanstack/react-query";
import { sessionsQuery, useEndOtherSessions } from "@/api/account";
import { Panel } from "@/components/panel";
import { Failure, Loaded, SkeletonRows } from "@/components/states";
import { useToast } from "@/components/toast";
import { plural } from "@/lib/format";
import { SessionList } from "./session-list";

/** Where I am signed in. */
export function SessionsPanel() {
  const query = useQuery(sessionsQuery);
  const endOthers = useEndOtherSessions();
  const toast = useToast();
  const others = (query.data?.items.length ?? 1) - 1;
  return (
    <Panel
      title="Where you are signed in"
      actions={
        others > 0 ? (
          <button
            type="button"
            className="btn"
            disabled={endOthers.isPending}
            onClick={() => endOthers.mutate(undefined, { onSuccess: () => toast(`${plural(others, "other session", "other sessions")} ended.`) })}
          >
            End {plural(others, "other session", "other sessions")}
          </button>
        ) : null
      }
      evidence={<span>A new password ends all others too</span>}
    >
      {endOthers.error ? <Failure error={endOthers.error} /> : null}
      <Loaded query={query} skeleton={<SkeletonRows rows={2} widths={[0, 48]} />}>
        {(data) => <SessionList items={data.items} />}
      </Loaded>
    </Panel>
  );
}
