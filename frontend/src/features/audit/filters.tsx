import { useQuery } from "@tanstack/react-query";
import { useState, type SubmitEvent } from "react";
import { auditActionsQuery, type AuditFilters } from "@/api/audit";
import { useSetSearch } from "@/components/filter-bar";
import { words } from "@/lib/nouns";
import { usePageSearch } from "@/lib/page-search";

const NAMES = ["who", "object", "action", "from", "to"] as const;
type Name = (typeof NAMES)[number];

function textOf(search: Record<string, unknown>, name: Name): string {
  const value = search[name];
  return typeof value === "string" ? value : "";
}

/** A day of the viewer as the API's moment. */
function momentOf(day: string, end: boolean): string | undefined {
  const at = new Date(`${day}T${end ? "23:59:59.999" : "00:00:00"}`);
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString();
}

/** The filters of the address, as the API takes them. */
export function filtersOfAddress(search: Record<string, unknown>): AuditFilters {
  const [who, object, action] = [textOf(search, "who"), textOf(search, "object"), textOf(search, "action")];
  const since = momentOf(textOf(search, "from"), false);
  const until = momentOf(textOf(search, "to"), true);
  return {
    ...(who ? { who } : {}),
    ...(object ? { object } : {}),
    ...(action ? { action } : {}),
    ...(since ? { since } : {}),
    ...(until ? { until } : {}),
  };
}

/** By whom, about what, doing what, and when. */
export function Filters() {
  const search = usePageSearch();
  const set = useSetSearch();
  const actions = useQuery(auditActionsQuery);
  const [who, setWho] = useState(textOf(search, "who"));
  const [object, setObject] = useState(textOf(search, "object"));
  const put = (change: Partial<Record<Name, string>>) =>
    set((current) => ({ ...current, ...Object.fromEntries(Object.entries(change).map(([name, value]) => [name, value || undefined])) }));
  const find = () => put({ who: who.trim(), object: object.trim() });
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    find();
  };
  const clear = () => {
    setWho("");
    setObject("");
    put({ who: "", object: "", action: "", from: "", to: "" });
  };
  const chosen = NAMES.some((name) => textOf(search, name));
  const texts = [
    { label: "Who", value: who, change: setWho, hint: "address, name or id" },
    { label: "About", value: object, change: setObject, hint: "user, source, an id" },
  ];
  return (
    <form className="audit-filters form" onSubmit={submit} role="search">
      {texts.map((one) => (
        <label key={one.label}>
          {one.label}
          <span className="field">
            <input value={one.value} placeholder={one.hint} maxLength={300} onChange={(event) => one.change(event.target.value)} onBlur={find} />
          </span>
        </label>
      ))}
      <label>
        Action
        <span className="field">
          <select value={textOf(search, "action")} onChange={(event) => put({ action: event.target.value })}>
            <option value="">Any</option>
            {actions.data?.items.map((action) => (
              <option key={action} value={action}>
                {words(action)}
              </option>
            ))}
          </select>
        </span>
      </label>
      {(["from", "to"] as const).map((name) => (
        <label key={name}>
          {name === "from" ? "From" : "To"}
          <span className="field">
            <input type="date" value={textOf(search, name)} onChange={(event) => put({ [name]: event.target.value })} />
          </span>
        </label>
      ))}
      <span className="row gap4">
        <button type="submit" className="btn">
          Find
        </button>
        {chosen ? (
          <button type="button" className="btn g" onClick={clear}>
            Clear
          </button>
        ) : null}
      </span>
    </form>
  );
}
