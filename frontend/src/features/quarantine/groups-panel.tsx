import type { QuarantineGroup } from "@/api/types";
import { useSetSearch } from "@/components/filter-bar";
import { Panel } from "@/components/panel";
import { SourceBadge, sourceName } from "@/components/source";
import { count, momentShort, utc } from "@/lib/format";
import { usePageSearch } from "@/lib/page-search";
import { words } from "@/lib/nouns";
import { choose, isChosen, keyOf } from "./group";

/** The queue by reason, the most frequent first. */
export function GroupsPanel({ groups, total }: { groups: QuarantineGroup[]; total: number }) {
  const search = usePageSearch();
  const set = useSetSearch();
  const chosen = groups.some((group) => isChosen(group, search));
  return (
    <Panel
      title="By reason"
      aside={<span className="num">{count(total)}</span>}
      evidence={<span>Nothing is dropped: the event keeps its bytes, and its other fields went on.</span>}
    >
      <ul className="list ruled groups">
        {chosen ? (
          <li>
            <button type="button" className="link" onClick={() => set((current) => choose(current, null))}>
              All reasons
            </button>
          </li>
        ) : null}
        {groups.map((group) => (
          <li key={keyOf(group)} {...(isChosen(group, search) ? { "aria-current": "true" as const } : {})}>
            <button type="button" className="row grow" onClick={() => set((current) => choose(current, group))}>
              <SourceBadge source={group.source} />
              <span className="grow">
                <span className="block">{group.reason}</span>
                <span className="mut xs" title={utc(group.first_at)}>
                  {sourceName(group.source)} {group.record_type}, {group.field ? words(group.field).toLowerCase() : "whole event"}, since{" "}
                  {momentShort(group.first_at)}
                </span>
              </span>
              <span className="num m">{count(group.count)}</span>
            </button>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
