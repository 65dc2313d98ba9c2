import { useState } from "react";
import { useMetric } from "@/api/metrics";
import type { MetricGroup, MetricResult } from "@/api/types";
import { Breakdown } from "@/components/breakdown";
import { ColumnChart, type Column } from "@/components/column-chart";
import { CsvButton } from "@/components/csv-button";
import { Definition } from "@/components/definition";
import { DrillLink } from "@/components/drill-link";
import { Panel } from "@/components/panel";
import { Empty, Loaded, SkeletonRows } from "@/components/states";
import { TableToggle } from "@/components/table-toggle";
import { drillTo } from "@/lib/drill";
import { count, money, moneyAxis, percent, plural, ratio, share } from "@/lib/format";

const SLUG = "receivables";

/** The API's buckets, the youngest first. */
const BUCKETS = ["not due", "1-30 days", "31-60 days", "61-90 days", "over 90 days"];

const SHORT: Record<string, string> = { "not due": "Not due", "1-30 days": "1-30", "31-60 days": "31-60", "61-90 days": "61-90", "over 90 days": "90+" };

interface Line {
  bucket: string;
  group: MetricGroup | undefined;
}

/** Each bucket, also those of nothing; then what the API knows beside them. */
function linesOf(result: MetricResult): Line[] {
  const groups = new Map(result.groups.map((group) => [group.key.ageing ?? "no due date", group]));
  return [...BUCKETS, ...[...groups.keys()].filter((bucket) => !BUCKETS.includes(bucket))].map((bucket) => ({ bucket, group: groups.get(bucket) }));
}

function bucketName(bucket: string): string {
  return bucket === "not due" ? "Not due yet" : bucket === "no due date" ? "No due date" : bucket === "over 90 days" ? "Over 90 days" : bucket;
}

/** What is still to be paid, by how long it has been due. */
export function AgeingPanel() {
  const query = useMetric(SLUG, { by: ["ageing"] });
  const [table, setTable] = useState(false);
  const lines = query.data ? linesOf(query.data) : [];
  const currency = query.data?.currency ?? "";
  const drill = (line: Line) => (line.group ? drillTo(line.group.drill, SLUG) : null);
  const columns = lines.map(
    (line): Column => ({
      key: line.bucket,
      label: bucketName(line.bucket),
      short: SHORT[line.bucket] ?? "None",
      note: line.group ? count(line.group.rows) : "–",
      value: line.group?.value ?? null,
      description: `${bucketName(line.bucket)}: ${money(line.group?.value ?? "0", currency)}, ${plural(line.group?.rows ?? 0, "invoice")}`,
      drill: drill(line),
      overdue: line.bucket !== "not due",
    }),
  );
  return (
    <Panel
      title={
        <span className="row gap4">
          By how long it is overdue
          <Definition slug={SLUG} result={query.data} label="Receivables" />
        </span>
      }
      className="s7"
      actions={
        <>
          <CsvButton
            name="receivables-by-age"
            what="Receivables by age"
            rows={() => [
              ["Overdue", "Outstanding", "Currency", "Invoices"],
              ...lines.map(({ bucket, group }) => [bucket, group?.value ?? "0.00", currency, group?.rows ?? 0]),
            ]}
          />
          <TableToggle table={table} onChange={setTable} />
        </>
      }
      evidence={
        query.data ? (
          <>
            <span className="leg">
              <span>
                <i className="f1" />
                Not due yet
              </span>
              <span>
                <i className="hatch" />
                Overdue
              </span>
            </span>
            <span className="end num">
              {money(query.data.value, currency)} in {plural(query.data.rows, "invoice")}
            </span>
          </>
        ) : null
      }
    >
      <Loaded query={query} skeleton={<SkeletonRows rows={5} widths={[72, 0, 72]} />}>
        {(data) =>
          data.rows === 0 ? (
            <Empty icon="invoice" title="Nothing is to be paid">
              Every invoice that was sent is paid, void or given up; or no source sends invoices.
            </Empty>
          ) : table ? (
            <Breakdown
              label="Receivables by age"
              first="Overdue"
              rows={lines}
              keyOf={(line) => line.bucket}
              nameOf={(line) => bucketName(line.bucket)}
              bar={{
                head: "Share of all that is outstanding",
                of: (line) => share(line.group?.value, data.value),
                drill,
                tone: (line) => (line.bucket === "not due" ? "f1" : "hatch"),
              }}
              columns={[
                {
                  head: `Outstanding, ${currency}`,
                  cell: (line) => (line.group ? <DrillLink drill={drill(line)}>{money(line.group.value, currency)}</DrillLink> : <span className="zero">–</span>),
                  foot: <DrillLink drill={drillTo(data.drill, SLUG)}>{money(data.value, currency)}</DrillLink>,
                },
                { head: "Share", wide: true, cell: (line) => percent(ratio(line.group?.value ?? "0", data.value), 0), foot: "100%" },
                { head: "Invoices", cell: (line) => count(line.group?.rows ?? 0), foot: count(data.rows) },
              ]}
              total="All"
            />
          ) : (
            <div className="pb">
              <ColumnChart columns={columns} axis={(value) => moneyAxis(value, currency)} />
            </div>
          )
        }
      </Loaded>
    </Panel>
  );
}
