import { useState } from "react";
import { useMetric } from "@/api/metrics";
import type { MetricGroup, MetricResult } from "@/api/types";
import { Breakdown } from "@/components/breakdown";
import { ColumnChart, type Column } from "@/components/column-chart";
import { CsvButton } from "@/components/csv-button";
import { DrillLink } from "@/components/drill-link";
import { Panel } from "@/components/panel";
import { Empty, Loaded, SkeletonRows } from "@/components/states";
import { TableToggle } from "@/components/table-toggle";
import { drillTo } from "@/lib/drill";
import { compareDecimal, month, percent, plural, share } from "@/lib/format";
import { lastMonths } from "@/lib/periods";
import { FEW, type Cut } from "./cuts";
import { part } from "./rate-panel";

const MONTHS = 12;

interface Line {
  month: string;
  group: MetricGroup | undefined;
}

function linesOf(result: MetricResult, months: string[]): Line[] {
  const groups = new Map(result.groups.map((group) => [(group.key.month ?? "").slice(0, 7), group]));
  return months.map((key) => ({ month: key, group: groups.get(key) }));
}

function takeaway(lines: Line[]): string {
  const sure = lines.filter((line) => (line.group?.rows ?? 0) >= FEW && line.group?.value != null);
  const best = sure.reduce<Line | null>(
    (most, line) => (!most || compareDecimal(line.group?.value ?? "0", most.group?.value ?? "0") > 0 ? line : most),
    null,
  );
  return best ? `Best month ${month(best.month, true)} with ${percent(best.group?.value)}` : `No month has ${FEW} closed deals`;
}

/** The share won by the month in which deals closed. */
export function MonthPanel({ cut, day, currency }: { cut: Cut; day: string; currency: string }) {
  const { slug, measure } = cut;
  const period = lastMonths(day, MONTHS);
  const query = useMetric(slug, { by: ["month"], from: period.from, to: period.to });
  const [table, setTable] = useState(false);
  const lines = query.data ? linesOf(query.data, period.months) : [];
  const columns = lines.map(
    ({ month: key, group }): Column => ({
      key,
      label: month(key),
      note: group ? percent(group.value, 0).replace("%", "") : "–",
      value: group?.value ?? null,
      description: group
        ? `${month(key, true)}: ${percent(group.value)}, ${part(group.numerator, measure, currency)} won of ${part(group.denominator, measure, currency)} closed`
        : `${month(key, true)}: nothing closed`,
      drill: group ? drillTo(group.drill, slug) : null,
      current: key === day.slice(0, 7),
      overdue: (group?.rows ?? 0) < FEW,
    }),
  );
  return (
    <Panel
      title="Win rate by month"
      className="s7"
      actions={
        <>
          <CsvButton
            name={`${slug}-by-month`}
            what="Win rate by month"
            rows={() => [
              ["Month", "Win rate", "Won", "Closed"],
              ...lines.map(({ month: key, group }) => [key, group?.value, group?.numerator, group?.denominator]),
            ]}
          />
          <TableToggle table={table} onChange={setTable} />
        </>
      }
      evidence={
        query.data ? (
          <>
            <span>{takeaway(lines)}; percent below each month</span>
            <span className="end num">{plural(query.data.rows, "closed deal")} in twelve months</span>
          </>
        ) : null
      }
    >
      <Loaded query={query} skeleton={<SkeletonRows rows={5} widths={[48, 0, 48]} />}>
        {(data) =>
          data.rows === 0 ? (
            <Empty icon="rate" title="No deal closed in twelve months" />
          ) : table ? (
            <Breakdown
              label="Win rate by month"
              first="Month"
              rows={lines}
              keyOf={(line) => line.month}
              nameOf={(line) => month(line.month, true)}
              bar={{ head: "Win rate, of 100%", of: (line) => share(line.group?.value, "1"), drill: (line) => (line.group ? drillTo(line.group.drill, slug) : null) }}
              columns={[
                {
                  head: "Win rate",
                  cell: ({ group }) => (group ? <DrillLink drill={drillTo(group.drill, slug)}>{percent(group.value)}</DrillLink> : <span className="zero">–</span>),
                },
                { head: "Won", cell: ({ group }) => part(group?.numerator ?? null, measure, currency) },
                { head: "Closed", cell: ({ group }) => part(group?.denominator ?? null, measure, currency) },
              ]}
            />
          ) : (
            <div className="pb">
              <ColumnChart columns={columns} axis={(value) => percent(value, 0)} />
            </div>
          )
        }
      </Loaded>
    </Panel>
  );
}
