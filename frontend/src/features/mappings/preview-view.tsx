import type { MappingPreview } from "@/api/types";
import { count, money, percent, plural } from "@/lib/format";
import { words } from "@/lib/nouns";

const EXAMPLES = 5;

type Value = string | number | null;

function shown(value: Value, unit: string): string {
  if (value === null) return "–";
  if (/^[A-Z]{3}$/.test(unit)) return money(String(value), unit);
  return unit === "fraction" ? percent(String(value)) : String(value);
}

/** What a document would change: records, fields, numbers, and what it could not read. */
export function PreviewView({ preview }: { preview: MappingPreview }) {
  const { added, removed, changed, records, total, numbers, errors, fields, examples } = preview;
  const differ = numbers.filter(({ before, after }) => before !== after);
  return (
    <div className="pb stack" style={{ gap: 12 }} role="status">
      <p>
        Of the {plural(records, "newest record")} (of {count(total)}): <b className="num">{count(changed)}</b> would change,{" "}
        <b className="num">{count(added)}</b> be added, <b className="num">{count(removed)}</b> be removed.
      </p>
      {Object.keys(fields).length > 0 ? (
        <p className="mut">
          Fields: {Object.entries(fields).map(([field, n]) => `${words(field)} in ${plural(n, "record")}`).join(", ")}
        </p>
      ) : null}
      {differ.length > 0 ? (
        <div className="scroll" role="region" aria-label="Numbers that would change, table" tabIndex={0}>
          <table className="t tc">
            <thead>
              <tr>
                <th>Number</th>
                <th className="r">Now</th>
                <th className="r">Then</th>
              </tr>
            </thead>
            <tbody>
              {differ.map(({ metric, unit, before, after }) => (
                <tr key={metric}>
                  <th scope="row" className="m">
                    {words(metric.replaceAll("-", "_"))}
                  </th>
                  <td className="r num">{shown(before, unit)}</td>
                  <td className="r num">{shown(after, unit)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ) : (
        <p className="mut">No number would change.</p>
      )}
      {examples.length > 0 ? (
        <ul className="list ruled" aria-label="Records that would differ">
          {examples.slice(0, EXAMPLES).map((record) => (
            <li key={record.canonical_id} className="wrap">
              <span className="grow wrap">
                <b className="m">{record.title || record.source_id}</b> <span className="mut">{record.source}, {record.change}</span>
                {Object.entries(record.fields).map(([field, [before, after]]) => (
                  <span key={field} className="block xs">
                    {words(field)}: <span className="mono">{String(before ?? "–")}</span> → <span className="mono">{String(after ?? "–")}</span>
                  </span>
                ))}
              </span>
            </li>
          ))}
        </ul>
      ) : null}
      {errors.map(({ field, reason, events, example }) => (
        <p key={`${field} ${reason}`} className="warn wrap">
          {plural(events, "event")}: {field || "the whole event"} {reason}, such as <span className="mono">{example}</span>
        </p>
      ))}
    </div>
  );
}
