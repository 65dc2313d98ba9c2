import type { AuditChange } from "@/api/types";
import { words } from "@/lib/nouns";

/** Words for fields whose own name says little. */
const NAMES: Record<string, string> = { totp: "Second factor", recovery: "Recovery codes" };

function shown(value: unknown): string {
  if (value === undefined || value === null || value === "") return "–";
  return typeof value === "string" ? value : JSON.stringify(value, null, 1);
}

function Value({ field, value, side }: { field: string; value: unknown; side?: "Before" | "After" }) {
  const text = shown(value);
  return (
    <div className={`breaks ${side === "Before" ? "mut" : ""}`}>
      {side ? <span className="mut xs block">{side}</span> : null}
      {text.length > 80 || text.includes("\n") ? (
        <pre className="code wrap-code" tabIndex={0} aria-label={side ? `${field}, ${side.toLowerCase()}` : field}>
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
    <div role="group" className="stack" style={{ gap: 8 }} aria-label={`${change.noun} ${change.id}`}>
      <h3 className="row w gap4 breaks">
        {words(change.noun)} <span className="mono mut breaks">{change.id}</span> <span className="tag">{what(change)}</span>
      </h3>
      <dl className="audit-fields">
        {fields.map((field) => {
          const before = change.before?.[field];
          const after = change.after?.[field];
          const one = !change.before || !change.after || JSON.stringify(before) === JSON.stringify(after);
          const name = NAMES[field] ?? words(field);
          return (
            <div key={field}>
              <dt className="mut">{name}</dt>
              <dd className={one ? "same" : ""}>
                {one ? (
                  <Value field={name} value={after ?? before} />
                ) : (
                  <>
                    <Value field={name} value={before} side="Before" />
                    <Value field={name} value={after} side="After" />
                  </>
                )}
              </dd>
            </div>
          );
        })}
      </dl>
    </div>
  );
}
