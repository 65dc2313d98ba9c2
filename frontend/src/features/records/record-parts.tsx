import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { HistoryEntry, RecordDetail } from "@/api/types";
import { Icon } from "@/components/icon";
import { SourceBadge } from "@/components/source";
import { momentExact, momentShort, money, percent, plural, utc } from "@/lib/format";
import { isRecordType, NOUNS, oneTitle, titleOf } from "@/lib/nouns";
import { fieldExact, fieldLabel, fieldWords, sortFields } from "./field-words";

/** What an event's address carries so that the way back to the number stays known. */
interface Way {
  record: RecordDetail;
  rows: string | undefined;
}

function eventSearch(rows: string | undefined, field?: string): Record<string, string> {
  return { ...(rows ? { rows } : {}), ...(field ? { field } : {}) };
}

/** Every field with its value, the source that set it, and the time; each opens its event. */
export function FieldsPart({ record, rows }: Way) {
  const { present, absent } = sortFields(record.fields);
  return (
    <section className="part">
      <h3>
        Fields
        <span className="mut end xs" style={{ fontWeight: 400 }}>
          a source opens its event
        </span>
      </h3>
      {present.map((name) => {
        const field = record.fields[name];
        if (!field) return null;
        return (
          <div className="fieldrow" key={name}>
            <span className="mut">{field.label}</span>
            <span className={`tr ${name === "amount" ? "m num" : ""}`} title={fieldExact(name, field.value, record.fields)}>
              {fieldWords(name, field.value, record.fields)}
            </span>
            {field.event_id ? (
              <Link
                className="prov"
                to="/events/$id"
                params={{ id: field.event_id }}
                search={eventSearch(rows, name)}
                title={`${utc(field.source_time ?? field.received_at)}${field.event_expired ? "; its bytes have expired" : ""}`}
                aria-label={`${field.label}: open the event it came from`}
              >
                <SourceBadge source={field.source} />
                <span className="num">{momentShort(field.source_time ?? field.received_at)}</span>
              </Link>
            ) : (
              <span className="prov">no event</span>
            )}
          </div>
        );
      })}
      {absent.length > 0 ? (
        <p className="mut xs" style={{ paddingTop: 4 }}>
          Without a value: {absent.map((name) => fieldLabel(name, record.fields).toLowerCase()).join(", ")}
        </p>
      ) : null}
    </section>
  );
}

const FIRST_CHANGES = 3;

function Changes({ entry, record, created }: { entry: HistoryEntry; record: RecordDetail; created: boolean }) {
  const names = Object.keys(entry.changes);
  if (entry.operation === "delete") return <b className="m">Deleted in the source</b>;
  if (entry.operation === "undelete") return <b className="m">Restored in the source</b>;
  if (names.length === 0) return <span className="mut">No field changed</span>;
  if (created) {
    const stage = entry.changes.stage?.to;
    return (
      <>
        Created{stage ? " in " : ""}
        {stage ? <b className="m">{String(stage)}</b> : null}
        <span className="mut"> with {plural(names.length, "field")}</span>
      </>
    );
  }
  return (
    <>
      {names.slice(0, FIRST_CHANGES).map((name) => {
        const change = entry.changes[name];
        if (!change) return null;
        return (
          <span className="block" key={name}>
            {fieldLabel(name, record.fields)}{" "}
            {change.from === null ? "" : `${fieldWords(name, change.from, record.fields)} to `}
            <b className="m">{change.to === null ? "cleared" : fieldWords(name, change.to, record.fields)}</b>
          </span>
        );
      })}
      {names.length > FIRST_CHANGES ? (
        <span className="mut">and {plural(names.length - FIRST_CHANGES, "more field")}</span>
      ) : null}
    </>
  );
}

const SHORT_HISTORY = 8;

/** What happened to the record, the latest first; each entry opens its event. */
export function HistoryPart({ record, rows }: Way) {
  const [all, setAll] = useState(false);
  const entries = [...record.history].sort((a, b) =>
    (b.source_time ?? b.received_at).localeCompare(a.source_time ?? a.received_at),
  );
  const shown = all ? entries : entries.slice(0, SHORT_HISTORY);
  return (
    <section className="part">
      <h3>
        Timeline
        <span className="mut num" style={{ fontWeight: 400 }}>
          {plural(entries.length, "event")}
        </span>
      </h3>
      <div className="tl">
        {shown.map((entry, index) => {
          const at = entry.source_time ?? entry.received_at;
          const last = index === shown.length - 1;
          return (
            <div className="tl-row" key={entry.event_id}>
              <span className="mut num" title={`${momentExact(at)} (${utc(at)})`}>
                {momentShort(at)}
              </span>
              <span className={`ax ${index === 0 ? "first" : ""} ${last ? "lastt" : ""}`}>
                <i />
              </span>
              <span className="row" style={{ alignItems: "flex-start" }}>
                <span className="grow">
                  <Changes entry={entry} record={record} created={index === entries.length - 1} />
                </span>
                <Link
                  className="prov-link"
                  to="/events/$id"
                  params={{ id: entry.event_id }}
                  search={eventSearch(rows)}
                  aria-label={`Open the event of ${momentShort(at)}`}
                >
                  <Icon name="right" />
                </Link>
              </span>
            </div>
          );
        })}
      </div>
      {entries.length > shown.length ? (
        <button type="button" className="link" onClick={() => setAll(true)}>
          {plural(entries.length - shown.length, "earlier event")}
        </button>
      ) : null}
    </section>
  );
}

/** A rule's weight as points of a hundred. */
function points(weight: number): number {
  return Number((weight * 100).toFixed(1));
}

/** The score and the rules it is made of. */
export function QualityPart({ record }: { record: RecordDetail }) {
  const { score, rules } = record.quality;
  return (
    <section className="part">
      <h3>
        Quality <span className="num">{percent(String(score), 0)}</span>
        <span className="mut" style={{ fontWeight: 400 }}>
          {plural(rules.length, "rule")}, 100 points
        </span>
      </h3>
      {rules.map((rule) => (
        <div className="row" style={{ minHeight: 24 }} key={rule.name}>
          <span className={rule.passed ? "ok" : "warn"}>
            <Icon name={rule.passed ? "check" : "warning"} size={14} />
            <span className="vh">{rule.passed ? "Passed" : "Failed"}</span>
          </span>
          <span className="grow">{rule.meaning}</span>
          <span className={`num ${rule.passed ? "mut" : "warn m"}`}>
            {rule.passed ? points(rule.weight) : 0} of {points(rule.weight)}
          </span>
        </div>
      ))}
    </section>
  );
}

/** Records of the same source that point here or are pointed to. */
export function RelatedPart({ record, currency }: { record: RecordDetail; currency: string }) {
  const groups = Object.entries(record.related).filter(([, items]) => items.length > 0);
  if (groups.length === 0) return null;
  return (
    <section className="part">
      <h3>Related</h3>
      {groups.flatMap(([, items]) =>
        items.map((item) => {
          if (!isRecordType(item.type)) return null;
          const noun = NOUNS[item.type];
          return (
            <div className="row" style={{ minHeight: 28 }} key={item.canonical_id}>
              <Icon name={noun.icon} />
              <Link className="drill tr" to="/records/$type/$id" params={{ type: noun.path, id: item.canonical_id }}>
                {titleOf(item)}
              </Link>
              <span className="mut end num nw">
                {oneTitle(item.type)}
                {item.value ? `, ${money(item.value, currency)}` : ""}
              </span>
            </div>
          );
        }),
      )}
    </section>
  );
}

/** One line under the title. */
export function Summary({ record }: { record: RecordDetail }) {
  const { fields } = record;
  const value = (name: string) => fieldWords(name, fields[name]?.value ?? null, fields);
  const has = (name: string) => fields[name]?.value != null && fields[name].value !== "";
  return (
    <div className="row w mut">
      {has("account_name") ? <span>{value("account_name")}</span> : null}
      {has("domain") ? <span>{value("domain")}</span> : null}
      {has("title") ? <span>{value("title")}</span> : null}
      {has("stage") ? <span className="tag">{value("stage")}</span> : null}
      {has("status") ? <span>{value("status")}</span> : null}
      {has("amount") ? <span className="num">{value("amount")}</span> : null}
      {has("owner_name") ? <span>{value("owner_name")}</span> : null}
      {record.is_deleted ? <span className="tag warn">Deleted in {record.source}</span> : null}
    </div>
  );
}
