import { useState } from "react";
import { useMetric } from "@/api/metrics";
import type { MetricResult } from "@/api/types";
import { ColumnChart, type Column } from "@/components/column-chart";
import { DrillLink } from "@/components/drill-link";
import { Icon } from "@/components/icon";
import { Panel } from "@/components/panel";
import { Empty, Loaded, Skeleton } from "@/components/states";
import { useStanding } from "@/lib/as-of";
import { drillTo } from "@/lib/drill";
import { compareDecimal, count, money, moneyAxis, month, plural } from "@/lib/format";
import { lastMonths, standingDay } from "@/lib/periods";

const MONTHS = 12;

/** One column per month of the calendar; a month without a win is a real zero of the same answer. */
function columnsOf(result: MetricResult, months: string[], current: string): Column[] {
  const groups = new Map(result.groups.map((group) => [(group.key.month ?? "").slice(0, 7), group]));
  return months.map((key) => {
    const group = groups.get(key);
    const value = group?.value ?? null;
    const rows = group?.rows ?? 0;
    return {
      key,
      label: month(key),
      note: rows === 0 ? "–" : count(rows),
      value,
      description: `${month(key, true)}: won ${money(value ?? "0", result.currency)}, ${plural(rows, "deal")}`,
      drill: group ? drillTo(group.drill, "won-value") : null,
      current: key === current,
    };
  });
}

function takeaway(columns: Column[], result: MetricResult): string {
  const best = columns.reduce<Column | null>(
    (most, column) => (column.value && (!most?.value || compareDecimal(column.value, most.value) > 0) ? column : most),
    null,
  );
  return best ? `Best month ${month(best.key, true)} with ${money(best.value, result.currency)}` : "No deal was won in these months";
}

function AsTable({ columns, result }: { columns: Column[]; result: MetricResult }) {
  return (
    <div className="scroll" role="region" aria-label="Won by month, table" tabIndex={0}>
      <table className="t tc">
        <thead>
          <tr>
            <th>Month</th>
            <th className="r">Won</th>
            <th className="r">Deals</th>
          </tr>
        </thead>
        <tbody>
          {columns.map((column) => (
            <tr key={column.key}>
              <th scope="row" className="m">{month(column.key, true)}</th>
              <td className="r">
                {column.value ? <DrillLink drill={column.drill}>{money(column.value, result.currency)}</DrillLink> : <span className="zero">–</span>}
              </td>
              <td className="r mut">{column.note}</td>
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">All</th>
            <td className="r">{money(result.value, result.currency)}</td>
            <td className="r">{count(result.rows)}</td>
          </tr>
        </tfoot>
      </table>
    </div>
  );
}

/** Won value by the month in which the deal closed. */
export function WonPanel() {
  const { asOf } = useStanding();
  const today = standingDay(asOf);
  const period = lastMonths(today, MONTHS);
  const query = useMetric("won-value", { by: ["month"], from: period.from, to: period.to });
  const [table, setTable] = useState(false);
  const columns = query.data ? columnsOf(query.data, period.months, today.slice(0, 7)) : [];
  return (
    <Panel
      title="Won by month"
      actions={
        <button
          type="button"
          className="btn g i"
          aria-label={table ? "Show as chart" : "Show as table"}
          aria-pressed={table}
          onClick={() => setTable(!table)}
        >
          <Icon name="table" />
        </button>
      }
      evidence={
        query.data ? (
          <>
            <span>{takeaway(columns, query.data)}</span>
            <span className="end num">
              {money(query.data.value, query.data.currency)} from {plural(query.data.rows, "deal")}
            </span>
          </>
        ) : null
      }
    >
      <Loaded query={query} skeleton={<ChartSkeleton />}>
        {(data) =>
          data.rows === 0 ? (
            <Empty icon="deal" title="Nothing won in twelve months">
              Won deals show up in the month of their close date.
            </Empty>
          ) : table ? (
            <AsTable columns={columns} result={data} />
          ) : (
            <div className="pb">
              <ColumnChart columns={columns} axis={(value) => moneyAxis(value, data.currency)} />
            </div>
          )
        }
      </Loaded>
    </Panel>
  );
}

function ChartSkeleton() {
  return (
    <div className="pb row" style={{ height: 220, alignItems: "flex-end", gap: 12 }} role="status" aria-label="Loading">
      {Array.from({ length: MONTHS }, (_, index) => (
        <Skeleton key={index} width="6%" height={40 + ((index * 53) % 120)} />
      ))}
    </div>
  );
}
