import { Link } from "@tanstack/react-router";
import type { Books, SourceItem } from "@/api/types";
import { Icon } from "@/components/icon";
import { Panel } from "@/components/panel";
import { SourceBadge, sourceName } from "@/components/source";
import { Empty } from "@/components/states";
import { missing, sumBooks } from "@/lib/books";
import { count } from "@/lib/format";

interface Term {
  label: string;
  /** The sign before the figure, so that the line reads as a sum. */
  sign: string;
  of: (books: Books) => number;
  warn?: boolean;
  /** Left out of the table when it is zero for every source. */
  rare?: boolean;
}

const TERMS: Term[] = [
  { label: "Received", sign: "", of: (books) => books.received },
  { label: "Rejected", sign: "−", of: (books) => books.rejected },
  { label: "Accepted", sign: "=", of: (books) => books.accepted },
  { label: "Sent twice", sign: "−", of: (books) => books.duplicates },
  { label: "In spool", sign: "−", of: (books) => books.in_spool },
  { label: "Refused", sign: "−", of: (books) => books.refused, rare: true, warn: true },
  { label: "Damaged", sign: "−", of: (books) => books.damaged, rare: true, warn: true },
  { label: "Raw", sign: "=", of: (books) => books.raw },
  { label: "Waiting", sign: "=", of: (books) => books.pending },
  { label: "Canonical", sign: "+", of: (books) => books.applied },
  { label: "Superseded", sign: "+", of: (books) => books.superseded },
  { label: "Ignored", sign: "+", of: (books) => books.ignored },
  { label: "Quarantine", sign: "+", of: (books) => books.quarantined, warn: true },
  { label: "Expired", sign: "+", of: (books) => books.expired, rare: true },
];

function Zone({ title, total, parts }: { title: string; total: number; parts: [string, number, string?][] }) {
  return (
    <div className="zone">
      <div className="row">
        <b className="m">{title}</b>
        <span className="end num b">{count(total)}</span>
      </div>
      {parts.map(([label, n, to]) => (
        <div className="row mut" key={label}>
          <span>{label}</span>
          <span className="end num">
            {to && n > 0 ? (
              <Link to={to} className="drill num warn">
                {count(n)}
              </Link>
            ) : (
              count(n)
            )}
          </span>
        </div>
      ))}
    </div>
  );
}

function Arrow() {
  return (
    <div className="arr" aria-hidden="true">
      <Icon name="right" />
    </div>
  );
}

function Zones({ books, canonical }: { books: Books; canonical: [string, number][] }) {
  return (
    <div className="zones">
      <Zone
        title="Received"
        total={books.received}
        parts={[
          ["accepted", books.accepted],
          ["rejected", books.rejected],
        ]}
      />
      <Arrow />
      <Zone
        title="Accepted"
        total={books.accepted}
        parts={[
          ["raw", books.raw],
          ["sent twice", books.duplicates],
          ["in spool", books.in_spool],
          ...(books.refused > 0 ? ([["refused", books.refused]] as [string, number][]) : []),
          ...(books.damaged > 0 ? ([["damaged", books.damaged]] as [string, number][]) : []),
        ]}
      />
      <Arrow />
      <Zone
        title="Raw"
        total={books.raw}
        parts={[
          ["canonical", books.applied],
          ["superseded", books.superseded],
          ["ignored by rule", books.ignored],
          ["waiting", books.pending],
          ["quarantine", books.quarantined, "/quarantine"],
          ...(books.expired > 0 ? ([["expired", books.expired]] as [string, number][]) : []),
        ]}
      />
      <Arrow />
      <Zone title="Canonical" total={books.applied} parts={canonical} />
    </div>
  );
}

function Cell({ term, books }: { term: Term; books: Books }) {
  const n = term.of(books);
  return (
    <td className="r num">
      <span className="mut op">{term.sign}</span>
      <span className={term.warn && n > 0 ? "warn m" : n === 0 ? "zero" : ""}>{count(n)}</span>
    </td>
  );
}

function Missing({ books }: { books: Books }) {
  const lost = missing(books);
  return (
    <td className="r">
      <span className={`row gap4 ${lost === 0 ? "ok" : "bad m"}`} style={{ justifyContent: "flex-end" }}>
        <Icon name={lost === 0 ? "check" : "warning"} size={12} />
        {count(lost)}
      </span>
    </td>
  );
}

/** Where every event is: the zones for all sources, and the line of each source to the last event. */
export function BooksPanel({ sources, canonical }: { sources: SourceItem[]; canonical: [string, number][] }) {
  const total = sumBooks(sources);
  const lost = missing(total);
  const terms = TERMS.filter((term) => !term.rare || sources.some((source) => term.of(source) > 0));
  return (
    <Panel
      title="Where every event is"
      actions={
        <span className={`tag ${lost === 0 ? "ok" : "bad"}`}>
          <Icon name={lost === 0 ? "check" : "warning"} size={12} />
          {lost === 0 ? "Books balance" : `${count(lost)} missing`}
        </span>
      }
      evidence={
        <span>Read each line from left to right: what came in, less what was refused, sent twice or still waits, is what we hold</span>
      }
    >
      {sources.length === 0 ? (
        <Empty title="Nothing received yet">The first event opens the books.</Empty>
      ) : (
        <>
          <Zones books={total} canonical={canonical} />
          <div className="ruled-top">
            <div className="scroll sticky1" role="region" aria-label="Books by source, table" tabIndex={0}>
              <table className="t tc books">
                <thead>
                  <tr>
                    <th>Source</th>
                    {terms.map((term) => (
                      <th className="r" key={term.label}>
                        {term.label}
                      </th>
                    ))}
                    <th className="r">Missing</th>
                  </tr>
                </thead>
                <tbody>
                  {sources.map((source) => (
                    <tr key={source.source}>
                      <th scope="row" className="m">
                        <Link className="row" to="/sources/$source" params={{ source: source.source }}>
                          <SourceBadge source={source.source} label={source.label} />
                          {sourceName(source.source, source.label)}
                        </Link>
                      </th>
                      {terms.map((term) => (
                        <Cell key={term.label} term={term} books={source} />
                      ))}
                      <Missing books={source} />
                    </tr>
                  ))}
                </tbody>
                <tfoot>
                  <tr>
                    <th scope="row" className="m">All sources</th>
                    {terms.map((term) => (
                      <Cell key={term.label} term={term} books={total} />
                    ))}
                    <Missing books={total} />
                  </tr>
                </tfoot>
              </table>
            </div>
          </div>
        </>
      )}
    </Panel>
  );
}
