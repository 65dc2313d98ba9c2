import { useState } from "react";
import { useFacet, useSetSearch } from "@/components/filter-bar";
import { sourceName } from "@/components/source";
import { count } from "@/lib/format";
import { toggleValue, valuesOf } from "@/lib/search";
import { usePageSearch } from "@/lib/page-search";

const FACETS = [
  { field: "status", label: "Status" },
  { field: "stage", label: "Stage" },
  { field: "owner", label: "Owner" },
  { field: "currency", label: "Currency" },
  { field: "source", label: "Source" },
];

/** How many values show before "more". */
const SHORT = 7;

function Facet({ field, label }: { field: string; label: string }) {
  const search = usePageSearch();
  const set = useSetSearch();
  const { data } = useFacet(field);
  const [all, setAll] = useState(false);
  const chosen = valuesOf(search, field);
  const groups = (data?.groups ?? []).filter((group) => group.key[field]).sort((a, b) => b.rows - a.rows);
  if (data && groups.length === 0) return null;
  const shown = all ? groups : groups.filter((group, index) => index < SHORT || chosen.includes(group.key[field] ?? ""));
  return (
    <fieldset>
      <legend>{label}</legend>
      {data ? null : <span className="skel facet-skel" />}
      {shown.map((group) => {
        const value = group.key[field] ?? "";
        return (
          <label key={value}>
            <input
              type="checkbox"
              className="tick-box"
              checked={chosen.includes(value)}
              onChange={() => set((current) => toggleValue(current, field, value))}
            />
            <span className="grow tr" title={value}>
              {field === "source" ? sourceName(value) : value}
            </span>
            <span className="num mut xs">{count(group.rows)}</span>
          </label>
        );
      })}
      {groups.length > shown.length ? (
        <button type="button" className="link xs facet-more" onClick={() => setAll(true)}>
          {groups.length - shown.length} more
        </button>
      ) : null}
    </fieldset>
  );
}

/** What can be narrowed down, with the number of deals behind each value. */
export function Facets() {
  return (
    <div className="panel facets" role="group" aria-label="Facets">
      {FACETS.map((facet) => (
        <Facet key={facet.field} {...facet} />
      ))}
    </div>
  );
}
