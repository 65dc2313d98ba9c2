import type { AuditChange } from "@/api/types";
import { words } from "@/lib/nouns";

function shown(value: unknown): string {
  if (value === undefined) return "–";
  return typeof value === "string" ? value : JSON.stringify(value, null, 1);
}

function Value({ value, kind }: { value: unknown; kind: "before" | "after" }) {
  const text = shown(value);
  return (
    <div className={`breaks ${kind === "before" ? "mut" : "m"}`}>
      <span className="mut xs block">{kind === "before" ? "Before" : "After"}</span>
      {text.length > 80 || text.includes("\n") ? (
        <pre className="code wrap-code" tabIndex={0} aria-label={`${kind}, whole`}>
          {text}
        </pre>
      ) : (
        <span className="mono">{text}</span>
      )}
    </div>
  );
}

function what(change: AuditChange): string {
  if (!change.before) return "new";
  return change.after ? "changed" : "removed";
}

/** One thing, field by field, before and after. */
export function ChangeView({ change }: { change: AuditChange }) {
  const fields = [...new Set([...Object.keys(change.before ?? {}), ...Object.keys(change.after ?? {})])];
  return (
    <section className="stack" style={{ gap: 8 }} aria-label={`${change.noun} ${change.id}`}>
      <h3 className="row w gap4 breaks">
        {words(change.noun)} <span className="mono mut breaks">{change.id}</span> <span className="tag">{what(change)}</span>
      </h3>
      <dl className="audit-fields">
        {fields.map((field) => {
          const before = change.before?.[field];
          const after = change.after?.[field];
          const same = JSON.stringify(before) === JSON.stringify(after);
          return (
            <div key={field}>
              <dt className="mut">{words(field)}</dt>
              <dd className={same ? "same" : ""}>
                {same ? (
                  <span className="mono breaks">{shown(after)}</span>
                ) : (
                  <>
                    {change.before ? <Value value={before} kind="before" /> : null}
                    {change.after ? <Value value={after} kind="after" /> : null}
                  </>
                )}
              </dd>
            </div>
          );
        })}
      </dl>
    </section>
  );
}
