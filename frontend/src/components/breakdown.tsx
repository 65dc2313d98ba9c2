import type { ReactNode } from "react";
import type { Drill } from "@/lib/drill";
import { DrillLink } from "./drill-link";

interface BreakdownColumn<Row> {
  head: string;
  title?: string;
  /** Gives way on a phone. */
  wide?: boolean;
  cell: (row: Row) => ReactNode;
  /** Under the column, over all rows. */
  foot?: ReactNode;
}

interface Props<Row> {
  /** What the table is called for those who listen. */
  label: string;
  /** The head of the first column. */
  first: string;
  rows: Row[];
  nameOf: (row: Row) => string;
  keyOf: (row: Row) => string;
  /** A bar beside the name: its length, 0 to 1, and the rows that it opens. */
  bar?: { head: string; of: (row: Row) => number; drill: (row: Row) => Drill | null; tone?: (row: Row) => string };
  columns: BreakdownColumn<Row>[];
  /** The name of the last line; none where the columns have no total. */
  total?: string;
}

/** One line per value of a dimension: a bar, figures that open, and the total below. */
export function Breakdown<Row>({ label, first, rows, nameOf, keyOf, bar, columns, total }: Props<Row>) {
  return (
    <div className="scroll" role="region" aria-label={`${label}, table`} tabIndex={0}>
      <table className="t tc">
        <thead>
          <tr>
            <th>{first}</th>
            {bar ? (
              <th className="hide-sm">
                <span className="vh">{bar.head}</span>
              </th>
            ) : null}
            {columns.map((column) => (
              <th key={column.head} className={`r ${column.wide ? "hide-sm" : ""}`} title={column.title}>
                {column.head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              <th scope="row" className="m stage-name" title={nameOf(row)}>
                {nameOf(row)}
              </th>
              {bar ? (
                <td className="hide-sm bar-cell">
                  <DrillLink drill={bar.drill(row)} className="bar-link" label={nameOf(row)}>
                    <span className="bar bare">
                      <i className={bar.tone?.(row) ?? "f1"} style={{ width: `${bar.of(row) * 100}%`, borderRadius: 2 }} />
                    </span>
                  </DrillLink>
                </td>
              ) : null}
              {columns.map((column) => (
                <td key={column.head} className={`r ${column.wide ? "hide-sm" : ""}`}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
        {total ? (
          <tfoot>
            <tr>
              <th scope="row">{total}</th>
              {bar ? <td className="hide-sm" /> : null}
              {columns.map((column) => (
                <td key={column.head} className={`r ${column.wide ? "hide-sm" : ""}`}>
                  {column.foot}
                </td>
              ))}
            </tr>
          </tfoot>
        ) : null}
      </table>
    </div>
  );
}
