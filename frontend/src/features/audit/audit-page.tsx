import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { auditQuery } from "@/api/audit";
import { meQuery } from "@/api/auth";
import type { AuditEntry } from "@/api/types";
import { Panel } from "@/components/panel";
import { Page } from "@/components/shell/page";
import { Empty, Loaded, NoPermission, SkeletonRows } from "@/components/states";
import { ago, count, plural, utc } from "@/lib/format";
import { words } from "@/lib/nouns";
import { usePageSearch } from "@/lib/page-search";
import { ChangeView } from "./change-view";
import { Filters, filtersOfAddress } from "./filters";

const VIA: Record<string, string> = { token: "with a token", control: "at the command line of the server" };

/** Which thing it was about, in one line. */
function about(entry: AuditEntry): string {
  const [first, ...rest] = entry.changes;
  if (!first) return "nothing was different afterwards";
  const sides = { ...first.before, ...first.after };
  const name = [sides.email, sides.name, sides.source].find((one) => typeof one === "string" && one !== "");
  const others = rest.length + entry.left_out;
  return `${first.noun} ${typeof name === "string" ? name : first.id}${others > 0 ? ` and ${plural(others, "more thing", "more things")}` : ""}`;
}

function Outcome({ entry }: { entry: AuditEntry }) {
  if (entry.outcome === "done") return null;
  return <span className="tag warn">{entry.outcome === "failed" ? `failed, ${entry.status ?? "no answer"}` : "not completed"}</span>;
}

function Entry({ entry }: { entry: AuditEntry }) {
  return (
    <li>
      <details className="audit-entry grow">
        <summary>
          <span className="breaks">
            <b className="m">{words(entry.action)}</b>: {about(entry)} <Outcome entry={entry} />
            <span className="mut xs block">
              {entry.who.name || "nobody who was signed in"}
              {VIA[entry.who.via] ? ` ${VIA[entry.who.via]}` : ""}, <span title={utc(entry.at)}>{ago(entry.at)}</span>
            </span>
          </span>
        </summary>
        <div className="stack breaks" style={{ gap: 16 }}>
          {entry.changes.map((change, index) => (
            <ChangeView key={`${change.noun} ${change.id} ${index}`} change={change} />
          ))}
          {entry.left_out > 0 ? <p className="mut">{count(entry.left_out)} more are not listed.</p> : null}
          <p className="mut xs breaks">
            {utc(entry.at)} · <span className="mono">{entry.method} {entry.path}</span> · as {entry.who.role || "nobody"} · request{" "}
            <span className="mono">{entry.request_id}</span>
          </p>
        </div>
      </details>
    </li>
  );
}

/** Who changed what, with what was there before and after; for admins. */
export function AuditPage() {
  const { data: me } = useQuery(meQuery);
  const admin = me?.role === "admin";
  const filters = filtersOfAddress(usePageSearch());
  const query = useInfiniteQuery({ ...auditQuery(filters), enabled: admin });
  if (!admin) {
    return (
      <Page title="Audit">
        <section className="panel">
          <NoPermission />
        </section>
      </Page>
    );
  }
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Page title="Audit">
      <Panel
        title="Who changed what"
        evidence={
          query.data ? (
            <>
              <span className="num">
                {count(items.length)} shown{query.hasNextPage ? ", older ones are kept" : ", all that match"}
              </span>
              <span className="end">Written before each change; nobody can edit it here</span>
            </>
          ) : null
        }
      >
        <Filters />
        <Loaded query={query} skeleton={<SkeletonRows rows={8} widths={[120, 0, 64]} />}>
          {() =>
            items.length === 0 ? (
              <Empty icon="clock" title="Nothing here">
                {Object.keys(filters).length > 0 ? "No change matches these filters." : "Every change that people and programs make shows up here."}
              </Empty>
            ) : (
              <ul className="list ruled">
                {items.map((entry) => (
                  <Entry key={entry.id} entry={entry} />
                ))}
              </ul>
            )
          }
        </Loaded>
        {query.hasNextPage ? (
          <div className="pb" style={{ paddingTop: 12 }}>
            <button type="button" className="btn" disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
              {query.isFetchingNextPage ? "Reading" : "Show older changes"}
            </button>
          </div>
        ) : null}
      </Panel>
    </Page>
  );
}
