import type { QuarantineItem, QuarantinePage } from "@/api/types";
import { Panel } from "@/components/panel";
import { SourceBadge } from "@/components/source";
import { Loaded, SkeletonRows } from "@/components/states";
import { moment, plural, utc } from "@/lib/format";
import { words } from "@/lib/nouns";

interface Query {
  data: { pages: QuarantinePage[] } | undefined;
  error: unknown;
  dataUpdatedAt: number;
  refetch: () => unknown;
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  fetchNextPage: () => unknown;
}

interface Props {
  query: Query;
  items: QuarantineItem[];
  total: number;
  place: number;
  onLook: (place: number) => void;
}

/** Every entry of what is chosen; one of them is shown above. */
export function EntriesPanel({ query, items, total, place, onLook }: Props) {
  return (
    <Panel title="Entries" aside={<span className="num">{plural(total, "value")}</span>}>
      <Loaded query={query} skeleton={<SkeletonRows rows={12} widths={[72, 0, 96]} />}>
        {() => (
          <div className="scroll" role="region" aria-label="Values in quarantine, table" tabIndex={0}>
            <table className="t tc">
              <thead>
                <tr>
                  <th>Event</th>
                  <th>Field</th>
                  <th>Value</th>
                  <th className="r">Since</th>
                </tr>
              </thead>
              <tbody>
                {items.map((item, index) => (
                  <tr key={`${item.event_id}|${item.field}`} {...(index === place ? { className: "sel", "aria-current": "true" as const } : {})}>
                    <td>
                      <span className="row gap4">
                        <SourceBadge source={item.source} />
                        <button type="button" className="drill" onClick={() => onLook(index)}>
                          {item.record_type} <span className="mono hide-sm">{item.source_id}</span>
                        </button>
                      </span>
                    </td>
                    <td>{item.field ? words(item.field) : "Whole event"}</td>
                    <td className="mono ident" title={item.value ?? ""}>
                      {item.value ?? "–"}
                    </td>
                    <td className="r num mut" title={utc(item.at)}>
                      {moment(item.at)}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </Loaded>
      {query.hasNextPage ? (
        <div className="pb" style={{ paddingTop: 12 }}>
          <button type="button" className="btn" disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
            Show more
          </button>
        </div>
      ) : null}
    </Panel>
  );
}
