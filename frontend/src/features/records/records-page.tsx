import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { metricQuery } from "@/api/metrics";
import { recordsQuery } from "@/api/records";
import { settingsQuery } from "@/api/settings";
import type { RecordItem } from "@/api/types";
import { ExportLink } from "@/components/export-link";
import { FilterBar, useSetSearch } from "@/components/filter-bar";
import { Icon } from "@/components/icon";
import { Page } from "@/components/shell/page";
import { Empty, Failure, SkeletonRows } from "@/components/states";
import { standingOf } from "@/lib/as-of";
import { count, money, plural } from "@/lib/format";
import { useHotkeys } from "@/lib/hotkeys";
import { NOUNS, type RecordType } from "@/lib/nouns";
import { filterParameters, filtersOf, valuesOf, without, withoutFilters } from "@/lib/search";
import { rowsOf } from "@/lib/trail";
import { usePageSearch } from "@/lib/page-search";
import { Facets } from "./facets";
import { FIELDS } from "./fields";
import { RecordGrid } from "./record-grid";
import { RecordSheet } from "./record-sheet";

const DEFAULT_SORT = "-updated_at";
/** Rows behind a number: the ones that weigh most first. */
const VALUE_SORT = "-value";
/** The lists that have a value to sort by. */
const VALUED: RecordType[] = ["opportunity", "order", "invoice", "quota", "stage_visit"];

function sortOf(type: RecordType, behindNumber: boolean): string {
  return behindNumber && VALUED.includes(type) ? VALUE_SORT : DEFAULT_SORT;
}

/** Whose page a row opens: a stage visit is the deal's. */
function recordOf(type: RecordType, id: string): { type: RecordType; id: string } {
  return type === "stage_visit" ? { type: "opportunity", id: id.split(":")[0] ?? id } : { type, id };
}

const TYPING_PAUSE_MS = 250;

/** The find-in-this-list field: writes to the address after a pause in typing. */
function FindField({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const [text, setText] = useState(value);
  const input = useRef<HTMLInputElement>(null);
  const [known, setKnown] = useState(value);
  if (value !== known) {
    // The address changed by other means (Back, a cleared filter).
    setKnown(value);
    setText(value);
  }
  useEffect(() => {
    if (text === value) return;
    const timer = setTimeout(() => onChange(text), TYPING_PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text, value, onChange]);
  useHotkeys({ "/": () => input.current?.focus() });
  return (
    <label className="field find">
      <Icon name="search" size={14} />
      <input
        ref={input}
        value={text}
        placeholder="Find in this list"
        aria-label="Find in this list"
        onChange={(event) => setText(event.target.value)}
      />
      <kbd>/</kbd>
    </label>
  );
}

/** The sum behind the list of a number: the same filters, asked of its metric. */
function SumLine({ q }: { q: string | undefined }) {
  const search = usePageSearch();
  const slug = typeof search.metric === "string" ? search.metric : "created-value";
  const { data } = useQuery({
    ...metricQuery(slug, { ...standingOf(search).parameters, filters: filterParameters(search) }),
    enabled: !q && typeof search.metric === "string",
  });
  if (!data || data.value === null || !data.currency) return null;
  return <span className="num">{money(data.value, data.currency)} in this view</span>;
}

function Nothing({ type, narrowed, onClear }: { type: RecordType; narrowed: boolean; onClear: () => void }) {
  const noun = NOUNS[type];
  return narrowed ? (
    <Empty
      title={`No ${noun.many} match.`}
      action={
        <button type="button" className="btn" onClick={onClear}>
          Clear search and filters
        </button>
      }
    >
      Every filter is a chip above; each can be taken away alone.
    </Empty>
  ) : (
    <Empty icon={noun.icon} title={`No ${noun.many} yet`}>
      They appear within seconds of the first event that tells of one. Make a key with{" "}
      <code className="mono">salescommand key create SOURCE</code> and post one.
    </Empty>
  );
}

export function RecordsPage({ type }: { type: RecordType }) {
  const search = usePageSearch();
  const navigate = useNavigate();
  const setSearch = useSetSearch();
  const noun = NOUNS[type];
  const q = typeof search.q === "string" ? search.q : undefined;
  const sort = typeof search.sort === "string" ? search.sort : sortOf(type, typeof search.metric === "string");
  const openId = typeof search.open === "string" ? search.open : undefined;
  const filters = filterParameters(search);
  const { data: settings } = useQuery(settingsQuery);
  const query = useInfiniteQuery(recordsQuery(type, { ...standingOf(search).parameters, q, sort, filters }));
  const items = useMemo(() => query.data?.pages.flatMap((page) => page.items) ?? [], [query.data]);
  const total = query.data?.pages[0]?.total ?? 0;
  const [active, setActive] = useState(-1);

  const open = useCallback(
    (item: RecordItem | undefined) => {
      if (!item) return;
      setSearch((current) => ({ ...current, open: item.canonical_id }));
    },
    [setSearch],
  );
  const close = () => setSearch((current) => without(current, "open"));
  const openIndex = items.findIndex((item) => item.canonical_id === openId);
  const step = (by: number) => {
    const next = Math.min(items.length - 1, Math.max(0, (openIndex >= 0 ? openIndex : active) + by));
    setActive(next);
    if (openId) open(items[next]);
  };
  useHotkeys({
    j: () => step(1),
    k: () => step(-1),
    Enter: () => {
      if (active < 0) return false;
      open(items[active]);
      return true;
    },
  });
  const onFind = useCallback(
    (value: string) => setSearch((current) => ({ ...current, q: value || undefined, open: undefined })),
    [setSearch],
  );
  const onMore = useCallback(() => void query.fetchNextPage(), [query]);
  const narrowed = q !== undefined || filtersOf(search).length > 0;
  const hasFacets = type === "opportunity" && !openId;
  return (
    <Page title={noun.title} withSheet={openId !== undefined}>
      <div className="head">
        <FilterBar fields={FIELDS[type]} />
        <span className="end row">
          <FindField value={q ?? ""} onChange={onFind} />
          {type === "stage_visit" ? null : (
            <ExportLink path={`/api/records/${type}`} search={{ ...standingOf(search).parameters, ...filters, ...(q ? { q } : {}) }} what={noun.title} />
          )}
        </span>
      </div>
      <div className={`recgrid ${hasFacets ? "" : "bare"}`}>
        {hasFacets ? <Facets /> : null}
        <section className="panel" aria-label={noun.title}>
          {query.error ? (
            <Failure
              error={query.error}
              onRetry={() => void query.refetch()}
              keptAt={query.data ? query.dataUpdatedAt : undefined}
            />
          ) : null}
          {query.data ? (
            total === 0 ? (
              <Nothing type={type} narrowed={narrowed} onClear={() => setSearch((current) => without(withoutFilters(current), "q"))} />
            ) : (
              <RecordGrid
                type={type}
                items={items}
                total={total}
                currency={settings?.reporting_currency ?? ""}
                sort={sort}
                narrow={openId !== undefined}
                oneStatus={valuesOf(search, "status").length === 1}
                active={active}
                openId={openId}
                hasMore={query.hasNextPage}
                loadingMore={query.isFetchingNextPage}
                onMore={onMore}
                onSort={(next) => setSearch((current) => ({ ...current, sort: next || undefined }))}
                onOpen={open}
              />
            )
          ) : query.error ? null : (
            <SkeletonRows rows={16} widths={[136, 0, 88, 72, 72]} />
          )}
          {query.data && total > 0 ? (
            <div className="evid">
              <span className="num">
                {items.length < total ? `${count(items.length)} of ${plural(total, noun.one, noun.many)} read` : plural(total, noun.one, noun.many)}
              </span>
              <SumLine q={q} />
              <span className="end hide-sm">
                <kbd>j</kbd> <kbd>k</kbd> move, <kbd>Enter</kbd> open
              </span>
            </div>
          ) : null}
        </section>
      </div>
      {openId ? (
        <RecordSheet
          {...recordOf(type, openId)}
          position={openIndex >= 0 ? `${count(openIndex + 1)} of ${count(total)}` : null}
          onPrevious={openIndex > 0 ? () => open(items[openIndex - 1]) : null}
          onNext={openIndex >= 0 && openIndex < items.length - 1 ? () => open(items[openIndex + 1]) : null}
          onClose={close}
          onExpand={() =>
            void navigate({
              to: "/records/$type/$id",
              params: { type: NOUNS[recordOf(type, openId).type].path, id: recordOf(type, openId).id },
              search: { rows: type === "stage_visit" ? undefined : rowsOf(search) } as never,
            })
          }
        />
      ) : null}
    </Page>
  );
}
