import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useId, useState, type ReactNode } from "react";
import { metricQuery } from "@/api/metrics";
import { useStanding } from "@/lib/as-of";
import { count, day } from "@/lib/format";
import { useHotkeys } from "@/lib/hotkeys";
import { words } from "@/lib/nouns";
import { filterKey, filterParameters, filtersOf, splitValues, toggleValue, valuesOf, without, withoutFilters, type Filter } from "@/lib/search";
import { usePageSearch } from "@/lib/page-search";
import { Icon } from "./icon";
import { Popover } from "./popover";
import { sourceName } from "./source";

export interface FilterField {
  field: string;
  label: string;
  /** `facet` offers the values that exist with their counts, `choice` those that can be; `text` asks for a part of the text. */
  kind: "facet" | "choice" | "text";
  /** What counts the values of a facet; the deals by themselves. */
  metric?: string;
  values?: string[];
}

type AnySearch = Record<string, unknown>;

/** Changes the address and nothing else; every other parameter stays. */
export function useSetSearch(): (change: (search: AnySearch) => AnySearch) => void {
  const navigate = useNavigate();
  return (change) => void navigate({ to: ".", search: (search: AnySearch) => change(search) as never, replace: false });
}

const OPERATOR_WORDS: Record<string, string> = {
  gte: "from",
  lte: "to",
  gt: "over",
  lt: "under",
  ne: "not",
  contains: "contains",
};

function valueWords(filter: Filter): string {
  if (filter.operator === "empty") return filter.value === "false" ? "is set" : "is empty";
  const values = (filter.operator ? [filter.value] : splitValues(filter.value)).map((value) => {
    if (/^\d{4}-\d{2}-\d{2}$/.test(value)) return day(value);
    if (value === "true" || value === "false") return choiceWords(value);
    return filter.field === "source" ? sourceName(value) : value;
  });
  const text = values.length > 2 ? `${values.slice(0, 2).join(", ")} and ${values.length - 2} more` : values.join(", ");
  return filter.operator ? `${OPERATOR_WORDS[filter.operator] ?? filter.operator} ${text}` : text;
}

/** Values of a field with the number of records behind each, under the other filters. */
export function useFacet(field: string, metric = "opportunity-count") {
  const search = usePageSearch();
  const { parameters } = useStanding();
  const others = filterParameters(without(search, filterKey(field)));
  return useQuery({
    ...metricQuery(metric, { by: [field], ...parameters, filters: others }),
    staleTime: 30_000,
  });
}

/** The values of an enum or a yes-or-no, which are known without asking. */
function ChoiceValues({ field, values }: { field: string; values: string[] }) {
  const search = usePageSearch();
  const set = useSetSearch();
  const chosen = valuesOf(search, field);
  return values.map((value) => (
    <label key={value}>
      <input
        type="checkbox"
        className="tick-box"
        checked={chosen.includes(value)}
        onChange={() => set((current) => toggleValue(current, field, value))}
      />
      <span className="grow tr">{choiceWords(value)}</span>
    </label>
  ));
}

function choiceWords(value: string): string {
  if (value === "true") return "Yes";
  return value === "false" ? "No" : words(value);
}

function FacetValues({ field, metric }: { field: string; metric: string | undefined }) {
  const search = usePageSearch();
  const set = useSetSearch();
  const { data, error } = useFacet(field, metric);
  const chosen = valuesOf(search, field);
  if (error) return <p className="mut xs menu-note">The values could not be read: {error.message}</p>;
  if (!data) return <p className="mut xs menu-note">Reading the values</p>;
  const values = data.groups.filter((group) => group.key[field]);
  if (values.length === 0) return <p className="mut xs menu-note">No record has a value here.</p>;
  return (
    <>
      {[...values]
        .sort((a, b) => b.rows - a.rows)
        .map((group) => {
          const value = group.key[field] ?? "";
          return (
            <label key={value}>
              <input
                type="checkbox"
                className="tick-box"
                checked={chosen.includes(value)}
                onChange={() => set((current) => toggleValue(current, field, value))}
              />
              <span className="grow tr">{field === "source" ? sourceName(value) : value}</span>
              <span className="num mut xs">{count(group.rows)}</span>
            </label>
          );
        })}
    </>
  );
}

function TextValue({ field, onDone }: { field: string; onDone: () => void }) {
  const [text, setText] = useState("");
  const set = useSetSearch();
  const id = useId();
  return (
    <form
      className="menu-note"
      onSubmit={(event) => {
        event.preventDefault();
        set((search) => ({ ...search, [filterKey(field, "contains")]: text.trim() || undefined }));
        onDone();
      }}
    >
      <label htmlFor={id} className="mut xs">
        Contains
      </label>
      <span className="row">
        <span className="field grow">
          <input id={id} value={text} onChange={(event) => setText(event.target.value)} autoFocus />
        </span>
        <button type="submit" className="btn p">
          Filter
        </button>
      </span>
    </form>
  );
}

/** The filters of the address as chips, and the way to add one. Escape clears them. */
export function FilterBar({ fields, children }: { fields: FilterField[]; children?: ReactNode }) {
  const search = usePageSearch();
  const set = useSetSearch();
  const [open, setOpen] = useState(false);
  const [picked, setPicked] = useState<FilterField | null>(null);
  const filters = filtersOf(search);
  const show = (next: boolean) => {
    setOpen(next);
    if (next) setPicked(null);
  };
  useHotkeys({
    f: () => show(true),
    Escape: () => {
      if (filters.length === 0) return false;
      set(withoutFilters);
      return true;
    },
  });
  return (
    <div className="row w chips">
      {filters.map((filter) => {
        const label = fields.find((field) => field.field === filter.field)?.label ?? words(filter.field);
        return (
          <button
            key={filter.key}
            type="button"
            className="chip"
            onClick={() => set((current) => without(current, filter.key))}
            aria-label={`Remove filter ${label} ${valueWords(filter)}`}
          >
            <span className="k">{label}</span>
            {valueWords(filter)}
            <Icon name="close" size={12} />
          </button>
        );
      })}
      {fields.length > 0 ? (
        <Popover
          label="Add a filter"
          className="pop menu"
          open={open}
          onOpenChange={show}
          trigger={
            <button type="button" className="chip add">
              <Icon name="plus" size={12} />
              <span style={{ marginLeft: 4 }}>Filter</span>
              <kbd className="hide-sm bare">F</kbd>
            </button>
          }
        >
          {picked === null ? (
            fields.map((field) => (
              <button key={field.field} type="button" onClick={() => setPicked(field)}>
                <span className="grow">{field.label}</span>
                <Icon name="right" size={12} />
              </button>
            ))
          ) : (
            <>
              <button type="button" onClick={() => setPicked(null)} className="m">
                <Icon name="left" size={12} />
                {picked.label}
              </button>
              {picked.kind === "facet" ? (
                <FacetValues field={picked.field} metric={picked.metric} />
              ) : picked.kind === "choice" ? (
                <ChoiceValues field={picked.field} values={picked.values ?? []} />
              ) : (
                <TextValue field={picked.field} onDone={() => setOpen(false)} />
              )}
            </>
          )}
        </Popover>
      ) : null}
      {children}
    </div>
  );
}
