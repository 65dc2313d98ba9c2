import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { quarantineQuery } from "@/api/quarantine";
import type { QuarantineGroup } from "@/api/types";
import { useSetSearch } from "@/components/filter-bar";
import { Panel } from "@/components/panel";
import { Page } from "@/components/shell/page";
import { SourceBadge, sourceName } from "@/components/source";
import { Empty, Loaded, SkeletonRows } from "@/components/states";
import { count, moment, plural, utc } from "@/lib/format";
import { words } from "@/lib/nouns";
import { usePageSearch } from "@/lib/page-search";

const KEYS = { source: "filter[source]", field: "filter[field]", reason: "filter[reason]" } as const;

function same(group: QuarantineGroup, search: Record<string, unknown>): boolean {
  return (
    search[KEYS.source] === group.source &&
    (search[KEYS.field] ?? "") === group.field &&
    search[KEYS.reason] === group.reason
  );
}

function Groups({ groups, total }: { groups: QuarantineGroup[]; total: number }) {
  const search = usePageSearch();
  const set = useSetSearch();
  const pick = (group: QuarantineGroup | null) =>
    set((current) => ({
      ...current,
      [KEYS.source]: group?.source,
      [KEYS.field]: group?.field || undefined,
      [KEYS.reason]: group?.reason,
    }));
  const chosen = groups.some((group) => same(group, search));
  return (
    <Panel
      title="By reason"
      aside={<span className="num">{count(total)}</span>}
      evidence={<span>Nothing is dropped: the event keeps its bytes, and its other fields went on.</span>}
    >
      <ul className="list ruled groups">
        {chosen ? (
          <li>
            <button type="button" className="link" onClick={() => pick(null)}>
              All reasons
            </button>
          </li>
        ) : null}
        {groups.map((group) => (
          <li key={`${group.source}|${group.field}|${group.reason}`} {...(same(group, search) ? { "aria-current": "true" as const } : {})}>
            <button type="button" className="row grow" onClick={() => pick(group)}>
              <SourceBadge source={group.source} />
              <span className="grow">
                <span className="block">{group.reason}</span>
                <span className="mut xs">
                  {sourceName(group.source)}, {group.field ? words(group.field).toLowerCase() : "whole event"}
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

/** What no rule could read, grouped by why. Read-only: the cure is a mapping. */
export function QuarantinePage() {
  const search = usePageSearch();
  const filters = Object.fromEntries(
    Object.values(KEYS).flatMap((key) => (typeof search[key] === "string" ? [[key, search[key]]] : [])),
  );
  const all = useInfiniteQuery(quarantineQuery({}, 1));
  const query = useInfiniteQuery(quarantineQuery(filters));
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  const groups = all.data?.pages[0]?.groups ?? [];
  const total = query.data?.pages[0]?.total ?? 0;
  return (
    <Page title="Quarantine">
      <Loaded
        query={all}
        skeleton={
          <section className="panel">
            <SkeletonRows rows={8} widths={[24, 0, 48]} />
          </section>
        }
      >
        {(data) =>
          (data.pages[0]?.total ?? 0) === 0 ? (
            <section className="panel">
              <Empty icon="warning" title="Quarantine is empty">
                Values that no rule can read wait here, with the reason and their bytes. Nothing is thrown away.
              </Empty>
            </section>
          ) : (
            <div className="g12">
              <div className="s4">
                <Groups groups={groups} total={data.pages[0]?.total ?? 0} />
              </div>
              <div className="s8">
                <Panel
                  title={typeof filters[KEYS.reason] === "string" ? String(filters[KEYS.reason]) : "All values in quarantine"}
                  aside={<span className="num">{plural(total, "value")}</span>}
                  evidence={
                    <span>
                      To cure a reason, change the mapping and apply it with <code className="mono">salescommand mapping apply FILE</code>:
                      the events are read again.
                    </span>
                  }
                >
                  <Loaded query={query} skeleton={<SkeletonRows rows={12} widths={[72, 0, 96]} />}>
                    {() => (
                      <div className="scroll" role="region" aria-label="Values in quarantine, table" tabIndex={0}>
                        <table className="t tc">
                          <thead>
                            <tr>
                              <th>Event</th>
                              <th>Field</th>
                              <th>Value</th>
                              <th className="hide-sm">Reason</th>
                              <th className="r">Since</th>
                            </tr>
                          </thead>
                          <tbody>
                            {items.map((item) => (
                              <tr key={`${item.event_id}|${item.field}`}>
                                <td>
                                  <span className="row gap4">
                                    <SourceBadge source={item.source} />
                                    <Link
                                      className="drill"
                                      to="/events/$id"
                                      params={{ id: item.event_id }}
                                      search={(item.field ? { field: item.field } : {}) as never}
                                    >
                                      {item.record_type} <span className="mono hide-sm">{item.source_id}</span>
                                    </Link>
                                  </span>
                                </td>
                                <td>{item.field ? words(item.field) : "Whole event"}</td>
                                <td className="mono ident" title={item.value ?? ""}>
                                  {item.value ?? "–"}
                                </td>
                                <td className="hide-sm mut ident" title={item.reason}>
                                  {item.reason}
                                </td>
                                <td className="r num mut" title={utc(item.at)}>
                                  {moment(item.at)}
                                </td>
                              </tr>
                            ))}
                          </tbody>
                        </table>
                      </div>
                    )}
                  </Loaded>
                  {query.hasNextPage ? (
                    <div className="pb" style={{ paddingTop: 12 }}>
                      <button type="button" className="btn" onClick={() => void query.fetchNextPage()}>
                        Show more
                      </button>
                    </div>
                  ) : null}
                </Panel>
              </div>
            </div>
          )
        }
      </Loaded>
    </Page>
  );
}
