import { useMetric } from "@/api/metrics";
import { ColumnChart, type Column } from "@/components/column-chart";
import { Panel } from "@/components/panel";
import { Empty, Loaded, SkeletonRows } from "@/components/states";
import { useStanding } from "@/lib/as-of";
import { drillTo } from "@/lib/drill";
import { count, money, moneyAxis, month, plural } from "@/lib/format";
import { standingDay } from "@/lib/periods";

/** Open deals by the month in which they are expected to close. */
export function ClosingPanel() {
  const { asOf } = useStanding();
  const current = standingDay(asOf).slice(0, 7);
  const query = useMetric("open-pipeline", { by: ["month"] });
  return (
    <Panel
      title="Expected close"
      className="s7"
      evidence={
        query.data ? (
          <>
            <span>By the close date that the sources give</span>
            <span className="end num">{money(query.data.value, query.data.currency)}</span>
          </>
        ) : null
      }
    >
      <Loaded query={query} skeleton={<SkeletonRows rows={5} widths={[48, 0, 48]} />}>
        {(data) => {
          const columns: Column[] = [...data.groups]
            .sort((a, b) => (a.key.month ?? "9999").localeCompare(b.key.month ?? "9999"))
            .map((group) => {
              const key = (group.key.month ?? "").slice(0, 7);
              const name = key ? month(key, true) : "No date";
              return {
                key: key || "none",
                label: key ? month(key) : "None",
                note: count(group.rows),
                value: group.value,
                description: `${name}: ${money(group.value, data.currency)}, ${plural(group.rows, "deal")}${key && key < current ? ", date has passed" : ""}`,
                drill: drillTo(group.drill, "open-pipeline"),
                current: key === current,
                overdue: key !== "" && key < current,
              };
            });
          return columns.length === 0 ? (
            <Empty title="No open deals">Nothing is expected to close.</Empty>
          ) : (
            <div className="pb">
              <ColumnChart columns={columns} axis={(value) => moneyAxis(value, data.currency)} />
            </div>
          );
        }}
      </Loaded>
    </Panel>
  );
}
