import type { MetricGroup, MetricResult } from "@/api/types";
import { DrillLink } from "@/components/drill-link";
import { sourceName } from "@/components/source";
import type { Stage } from "@/components/stage-order";
import { drillTo, type Drill } from "@/lib/drill";
import { count, money, percent, plural, ratio, share } from "@/lib/format";
import { columnName, type Dimension, type Matrix } from "./matrix";

/** What stands on top in a cell. */
export type Show = "value" | "deals";

function Figures({
  group,
  show,
  currency,
  drill,
}: {
  group: Pick<MetricGroup, "value" | "rows">;
  show: Show;
  currency: string;
  drill: Drill | null;
}) {
  const value = money(group.value, currency);
  const deals = plural(group.rows, "deal");
  return (
    <>
      <DrillLink drill={drill} label={`${value}, ${deals}`}>
        {show === "value" ? value : count(group.rows)}
      </DrillLink>
      <small>{show === "value" ? deals : value}</small>
    </>
  );
}

interface Props {
  dimension: Dimension;
  show: Show;
  stages: Stage[];
  matrix: Matrix;
  total: MetricResult;
}

/** Stage × dimension: value over count, heat behind, totals both ways, a dash for none. */
export function MatrixTable({ dimension, show, stages, matrix, total }: Props) {
  const open = (group: { drill: string }) => drillTo(group.drill, total.metric);
  const name = (value: string | null) =>
    dimension === "source" && value ? sourceName(value) : columnName(dimension, value);
  return (
    <div className="scroll sticky1" role="region" aria-label={`Stage by ${dimension}, table`} tabIndex={0}>
      <table className="t mx">
        <thead>
          <tr>
            <th>{total.currency}</th>
            {matrix.columns.map((column) => (
              <th key={column.name ?? ""} className="r">
                <span className={column.name === null ? "mut" : "fg"}>{name(column.name)}</span>
              </th>
            ))}
            <th className="r">All</th>
            <th className="r">Share</th>
          </tr>
        </thead>
        <tbody>
          {stages.map((stage) => (
            <tr key={stage.name ?? ""}>
              <th scope="row" className="m two stage-name" title={stage.name ?? ""}>
                {stage.name ?? "No stage"}
                <small>{percent(stage.odds, 0)} odds</small>
              </th>
              {matrix.columns.map((column) => {
                const group = matrix.cell(stage.name, column.name);
                if (!group) {
                  return (
                    <td key={column.name ?? ""} className="r zero">
                      –
                    </td>
                  );
                }
                const heat = { "--a": (share(group.value, matrix.largest) * 0.2).toFixed(3) } as React.CSSProperties;
                return (
                  <td key={column.name ?? ""} className="r two heat" style={heat}>
                    <span>
                      <Figures
                        group={group}
                        show={show}
                        currency={total.currency}
                        drill={open(group)}
                      />
                    </span>
                  </td>
                );
              })}
              <td className="r two b">
                <Figures group={stage} show={show} currency={total.currency} drill={open(stage)} />
              </td>
              <td className="r mut">{percent(ratio(stage.value ?? "0", total.value), 0)}</td>
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">All stages</th>
            {matrix.columns.map((column) => (
              <td key={column.name ?? ""} className="r two">
                <Figures
                  group={column.total}
                  show={show}
                  currency={total.currency}
                  drill={open(column.total)}
                />
              </td>
            ))}
            <td className="r two">
              <Figures group={total} show={show} currency={total.currency} drill={open(total)} />
            </td>
            <td className="r mut">{total.value === null ? "–" : "100%"}</td>
          </tr>
        </tfoot>
      </table>
    </div>
  );
}
