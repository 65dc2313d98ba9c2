import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { meQuery } from "@/api/auth";
import { quarantineQuery } from "@/api/quarantine";
import { useSetSearch } from "@/components/filter-bar";
import { Page } from "@/components/shell/page";
import { Empty, Failure, Loaded, SkeletonRows } from "@/components/states";
import { useStanding } from "@/lib/as-of";
import { useHotkeys } from "@/lib/hotkeys";
import { usePageSearch } from "@/lib/page-search";
import { EntriesPanel } from "./entries-panel";
import { EntryPanel } from "./entry-panel";
import { choose, filtersOfSearch, isChosen, STATE } from "./group";
import { GroupPanel } from "./group-panel";
import { GroupsPanel } from "./groups-panel";
import { LogPanel } from "./log-panel";

const STATES = [
  { state: undefined, label: "Waiting" },
  { state: "ignored", label: "Ignored" },
  { state: "corrected", label: "Corrected" },
] as const;

function StateSwitch({ state }: { state: unknown }) {
  const set = useSetSearch();
  return (
    <span className="seg" role="group" aria-label="State">
      {STATES.map((one) => (
        <button
          key={one.label}
          type="button"
          aria-pressed={one.state === state}
          onClick={() => set((search) => ({ ...choose(search, null), [STATE]: one.state }))}
        >
          {one.label}
        </button>
      ))}
    </span>
  );
}

/** What no rule could read, grouped by why, and what can be done about it. */
export function QuarantinePage() {
  const search = usePageSearch();
  const set = useSetSearch();
  const { data: me } = useQuery(meQuery);
  const { asOf } = useStanding();
  const filters = filtersOfSearch(search);
  const state = filters[STATE];
  const all = useInfiniteQuery(quarantineQuery(state ? { [STATE]: state } : {}, 1));
  const query = useInfiniteQuery(quarantineQuery(filters));
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  const groups = all.data?.pages[0]?.groups ?? [];
  const total = query.data?.pages[0]?.total ?? 0;
  const group = groups.find((one) => isChosen(one, search));
  const asked = JSON.stringify(filters);
  const [looked, setLooked] = useState({ asked, place: 0 });
  // Another group begins at its first entry.
  const place = looked.asked === asked ? Math.min(looked.place, Math.max(0, items.length - 1)) : 0;
  const item = items[place];
  const move = (by: number) => {
    const next = Math.max(0, Math.min(total - 1, place + by));
    setLooked({ asked, place: next });
    if (next >= items.length - 1 && query.hasNextPage) void query.fetchNextPage();
  };
  useHotkeys({
    j: () => move(1),
    k: () => move(-1),
    Escape: () => {
      if (!group) return false;
      set((current) => choose(current, null));
      return true;
    },
  });
  // The past is for reading, and so is the queue for those who only read.
  const may = (me?.role === "admin" || me?.role === "manager") && !asOf;
  return (
    <Page title="Quarantine">
      <div className="head">
        <StateSwitch state={state} />
      </div>
      <Loaded
        query={all}
        skeleton={
          <section className="panel">
            <SkeletonRows rows={8} widths={[24, 0, 48]} />
          </section>
        }
      >
        {(data) => {
          const sum = data.pages[0]?.total ?? 0;
          if (sum === 0) {
            return (
              <div className="stack">
                <section className="panel">
                  <Empty icon="warning" title={state ? `Nothing is ${state}` : "Quarantine is empty"}>
                    {state
                      ? "What people took out of the queue is kept here, with its reason."
                      : "Values that no rule can read wait here, with the reason and their bytes. Nothing is thrown away."}
                  </Empty>
                </section>
                <LogPanel may={may} />
              </div>
            );
          }
          return (
            <div className="g12">
              <div className="s4 stack" style={{ alignContent: "start", alignSelf: "start" }}>
                <GroupsPanel groups={groups} total={sum} />
              </div>
              <div className="s8 stack">
                {group && !state ? <GroupPanel group={group} may={may} /> : null}
                {query.error && !query.data ? <Failure error={query.error} onRetry={() => void query.refetch()} /> : null}
                {item ? <EntryPanel key={`${item.event_id}|${item.field}`} item={item} place={place} total={total} may={may} onMove={move} /> : null}
                <EntriesPanel query={query} items={items} total={total} place={place} onLook={(next) => setLooked({ asked, place: next })} />
                <LogPanel may={may} />
              </div>
            </div>
          );
        }}
      </Loaded>
    </Page>
  );
}
