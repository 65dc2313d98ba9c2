import { useQuery } from "@tanstack/react-query";
import { diffLines } from "diff";
import { useState } from "react";
import { meQuery } from "@/api/auth";
import { useRollback, versionsQuery } from "@/api/mappings";
import type { MappingDocument } from "@/api/types";
import { Panel } from "@/components/panel";
import { Empty, Failure, Loaded, SkeletonRows } from "@/components/states";
import { useToast } from "@/components/toast";
import { ago, utc } from "@/lib/format";

/** Line by line what the document in force has that a version had not, and the other way round. */
function Comparison({ before, after }: { before: string; after: string }) {
  return (
    <pre className="code compare" tabIndex={0} aria-label="Comparison with the version in force">
      {diffLines(before, after).map((part, index) => {
        const sign = part.added ? "+ " : part.removed ? "− " : "  ";
        const tone = part.added ? "ok" : part.removed ? "bad" : "mut";
        const lines = part.value.replace(/\n$/, "").split("\n");
        return (
          <span key={index} className={tone}>
            {lines.map((line) => `${sign}${line}\n`).join("")}
          </span>
        );
      })}
    </pre>
  );
}

/** Who put which version in force and when, compared with what is in force, and going back to it. */
export function VersionsPanel({ document }: { document: MappingDocument }) {
  const name = { scope: document.scope, type: document.record_type };
  const query = useQuery(versionsQuery(name));
  const { data: me } = useQuery(meQuery);
  const back = useRollback(name);
  const toast = useToast();
  const [open, setOpen] = useState<number | null>(null);
  const goTo = (version: number) =>
    back.mutate(version, {
      onSuccess: () => toast(version === 0 ? "The shipped document is in force again." : `Version ${version} is in force again.`, { label: "Undo", run: () => back.mutate(document.version) }),
    });
  return (
    <Panel title="Versions">
      {back.error ? <Failure error={back.error} /> : null}
      <Loaded query={query} skeleton={<SkeletonRows rows={3} />}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="The shipped document was never replaced" />
          ) : (
            <ul className="list ruled">
              {items.map((one) => (
                <li key={one.version} className="wrap-row">
                  <div className="grow stack plain" style={{ gap: 8, minWidth: 0 }}>
                    <div className="row w">
                      <b className="m num">Version {one.version}</b>
                      {one.in_force ? <span className="tag ok">in force</span> : null}
                      {one.removed ? <span className="tag">removed</span> : null}
                      <span className="mut xs" title={utc(one.applied_at)}>
                        {ago(one.applied_at)} by {one.author}
                      </span>
                      {one.in_force || one.removed ? null : (
                        <span className="end row">
                          <button
                            type="button"
                            className="btn"
                            aria-expanded={open === one.version}
                            onClick={() => setOpen(open === one.version ? null : one.version)}
                          >
                            Compare
                          </button>
                          {me?.role === "admin" ? (
                            <button type="button" className="btn" disabled={back.isPending} onClick={() => goTo(one.version)}>
                              Go back to it
                            </button>
                          ) : null}
                        </span>
                      )}
                    </div>
                    {open === one.version ? <Comparison before={one.text} after={document.text} /> : null}
                  </div>
                </li>
              ))}
              {document.scope.startsWith("kind:") && document.version > 0 && me?.role === "admin" ? (
                <li>
                  <b className="m grow">As shipped</b>
                  <button type="button" className="btn" disabled={back.isPending} onClick={() => goTo(0)}>
                    Go back to it
                  </button>
                </li>
              ) : null}
            </ul>
          )
        }
      </Loaded>
    </Panel>
  );
}
