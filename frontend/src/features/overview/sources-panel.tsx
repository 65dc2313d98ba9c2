import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { sourcesQuery } from "@/api/sources";
import type { Books } from "@/api/types";
import { Icon } from "@/components/icon";
import { Panel } from "@/components/panel";
import { Freshness, HourBars, SourceBadge, sourceName } from "@/components/source";
import { Loaded, SkeletonRows } from "@/components/states";
import { missing, sumBooks } from "@/lib/books";
import { count, duration, momentShort, utc } from "@/lib/format";

/** The books in three lines: what came in, where it is. */
function Equations({ books }: { books: Books }) {
  const stored = [
    ["duplicates", books.duplicates],
    ["waiting", books.in_spool],
    ["refused", books.refused],
    ["damaged", books.damaged],
  ].filter(([, n]) => n !== 0);
  const folded = [
    ["waiting", books.pending],
    ["superseded", books.superseded],
    ["ignored", books.ignored],
    ["expired", books.expired],
  ].filter(([, n]) => n !== 0);
  const sum = (parts: (string | number | undefined)[][]) => parts.map(([word, n]) => ` + ${count(n)} ${word}`).join("");
  return (
    <div className="eq">
      <span>Received</span>
      <span>{count(books.received)}</span>
      <span>
        = {count(books.accepted)} accepted + {count(books.rejected)} rejected
      </span>
      <span>Accepted</span>
      <span>{count(books.accepted)}</span>
      <span>
        = {count(books.raw)} raw{sum(stored)}
      </span>
      <span>Raw</span>
      <span>{count(books.raw)}</span>
      <span>
        = {count(books.applied)} canonical{sum(folded)} +{" "}
        {books.quarantined > 0 ? (
          <Link to="/quarantine" className="drill num warn">
            {count(books.quarantined)}
          </Link>
        ) : (
          "0"
        )}{" "}
        in quarantine
      </span>
    </div>
  );
}

/** Every source with its freshness, and the books of all together. */
export function SourcesPanel() {
  const query = useQuery(sourcesQuery);
  const books = query.data ? sumBooks(query.data.items) : null;
  const lost = books ? missing(books) : 0;
  return (
    <Panel
      title="Sources"
      evidence={
        books ? (
          <>
            <span className={lost === 0 ? "ok" : "bad"}>
              <Icon name={lost === 0 ? "check" : "warning"} size={12} />
              {lost === 0 ? "Books balance" : `${count(lost)} events are not accounted for`}
            </span>
            <span className="end">
              <Link className="link" to="/system">
                Books by source
              </Link>
            </span>
          </>
        ) : null
      }
    >
      <Loaded query={query} skeleton={<SkeletonRows rows={4} widths={[96, 0, 64, 48]} />}>
        {(data) => (
          <div>
            <div className="scroll" role="region" aria-label="Sources, table" tabIndex={0}>
              <table className="t tc">
                <thead>
                  <tr>
                    <th>Source</th>
                    <th>State</th>
                    <th className="r">Data as of</th>
                    <th className="r hide-sm">Lag</th>
                    <th className="r hide-sm">12 h</th>
                    <th className="r">Today</th>
                  </tr>
                </thead>
                <tbody>
                  {data.items.map((item) => (
                    <tr key={item.source}>
                      <th scope="row" className="m">
                        <Link className="row" to="/sources/$source" params={{ source: item.source }}>
                          <SourceBadge source={item.source} label={item.label} />
                          {sourceName(item.source, item.label)}
                        </Link>
                      </th>
                      <td>
                        <Freshness state={item.state} />
                      </td>
                      <td className="r num" title={utc(item.data_as_of)}>
                        {momentShort(item.data_as_of)}
                      </td>
                      <td className={`r num hide-sm ${item.state === "late" || item.state === "stale" ? "warn m" : ""}`}>
                        {duration(item.lag_seconds)}
                      </td>
                      <td className="hide-sm">
                        <HourBars hours={item.hours} />
                      </td>
                      <td className="r num">
                        <Link className="drill num" to="/events" search={{ "filter[source]": item.source }}>
                          {count(item.events_today)}
                        </Link>
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
            <Equations books={sumBooks(data.items)} />
          </div>
        )}
      </Loaded>
    </Panel>
  );
}
