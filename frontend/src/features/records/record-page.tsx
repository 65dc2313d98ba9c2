import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { recordQuery, recordsQuery } from "@/api/records";
import { settingsQuery } from "@/api/settings";
import { Icon } from "@/components/icon";
import { Path, recordSteps } from "@/components/path";
import { Page } from "@/components/shell/page";
import { useCopyLink } from "@/components/shell/shell";
import { SourceBadge, sourceName } from "@/components/source";
import { Loaded, SkeletonRows } from "@/components/states";
import { standingOf } from "@/lib/as-of";
import { momentShort, utc } from "@/lib/format";
import { useHotkeys } from "@/lib/hotkeys";
import { NOUNS, titleOf, type RecordType } from "@/lib/nouns";
import { filterParameters } from "@/lib/search";
import { searchOfRows } from "@/lib/trail";
import { usePageSearch } from "@/lib/page-search";
import { FieldsPart, HistoryPart, QualityPart, RelatedPart, Summary } from "./record-parts";

/** The neighbours of a record in the list it was opened from. */
function useNeighbours(type: RecordType, id: string, rows: string | undefined) {
  const list = searchOfRows(rows);
  const search = usePageSearch();
  const query = useInfiniteQuery({
    ...recordsQuery(type, {
      ...standingOf(search).parameters,
      q: list.q,
      sort: list.sort ?? (list.metric ? "-value" : "-updated_at"),
      filters: filterParameters(list),
    }),
    enabled: rows !== undefined,
  });
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  const index = items.findIndex((item) => item.canonical_id === id);
  return { previous: items[index - 1]?.canonical_id, next: index >= 0 ? items[index + 1]?.canonical_id : undefined };
}

/** A record as a page of its own: what the sheet shows, with room. */
export function RecordPage({ type, id }: { type: RecordType; id: string }) {
  const search = usePageSearch();
  const rows = typeof search.rows === "string" ? search.rows : undefined;
  const navigate = useNavigate();
  const noun = NOUNS[type];
  const query = useQuery(recordQuery(type, id, standingOf(search).parameters));
  const { data: settings } = useQuery(settingsQuery);
  const copyLink = useCopyLink();
  const { previous, next } = useNeighbours(type, id, rows);
  const go = (other: string | undefined) => {
    if (!other) return;
    void navigate({
      to: "/records/$type/$id",
      params: { type: noun.path, id: other },
      search: (rows ? { rows } : {}) as never,
    });
  };
  const back = () =>
    void navigate({ to: "/records/$type", params: { type: noun.path }, search: searchOfRows(rows) as never });
  useHotkeys({
    "[": () => go(previous),
    "]": () => go(next),
    Escape: () => {
      back();
      return true;
    },
  });
  const record = query.data;
  return (
    <Page
      title={record ? titleOf(record) : noun.title}
      crumb={{ to: `/records/${noun.path}`, label: noun.title, search: searchOfRows(rows) }}
      id={id}
    >
      <div className="head">
        {record ? (
          <div className="row w">
            <SourceBadge source={record.source} />
            <span className="m">{sourceName(record.source)}</span>
            <span className="mono mut">{record.source_id}</span>
            <span className="mut" title={utc(record.source_time)}>
              changed {momentShort(record.source_time)}
            </span>
          </div>
        ) : null}
        <span className="end row w">
          <button type="button" className="btn" disabled={!previous} onClick={() => go(previous)}>
            <Icon name="left" />
            Previous
          </button>
          <button type="button" className="btn" disabled={!next} onClick={() => go(next)}>
            Next
            <Icon name="right" />
          </button>
          <button type="button" className="btn" onClick={copyLink}>
            <Icon name="link" />
            Copy link
          </button>
        </span>
      </div>
      <div className="stack">
        {record ? <Path steps={recordSteps(rows, record)} /> : null}
        <Loaded
          query={query}
          skeleton={
            <section className="panel">
              <SkeletonRows rows={12} widths={[112, 0, 120]} />
            </section>
          }
        >
          {(data) => (
            <div className="recpage">
              <div className="stack" style={{ alignContent: "start" }}>
                <section className="panel">
                  <div className="pb" style={{ paddingTop: 12, paddingBottom: 12 }}>
                    <h2 className="big">{titleOf(data)}</h2>
                    <Summary record={data} />
                  </div>
                </section>
                <section className="panel">
                  <FieldsPart record={data} rows={rows} />
                </section>
              </div>
              <div className="stack" style={{ alignContent: "start" }}>
                <section className="panel">
                  <HistoryPart record={data} rows={rows} />
                </section>
                <section className="panel">
                  <QualityPart record={data} />
                </section>
                {Object.values(data.related).some((items) => items.length > 0) ? (
                  <section className="panel">
                    <RelatedPart record={data} currency={settings?.reporting_currency ?? ""} />
                  </section>
                ) : null}
              </div>
            </div>
          )}
        </Loaded>
      </div>
    </Page>
  );
}
