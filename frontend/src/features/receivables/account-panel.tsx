import { useState } from "react";
import { useMetric } from "@/api/metrics";
import type { MetricGroup } from "@/api/types";
import { Breakdown } from "@/components/breakdown";
import { CsvButton } from "@/components/csv-button";
import { DrillLink } from "@/components/drill-link";
import { Panel } from "@/components/panel";
import { Empty, Loaded, SkeletonRows } from "@/components/states";
import { drillTo } from "@/lib/drill";
import { compareDecimal, count, money, plural, share } from "@/lib/format";

const SLUG = "receivables";
const SHORT = 10;

/** Who owes most, and how much of it is overdue. */
export function AccountPanel() {
  const query = useMetric(SLUG, { by: ["account"] });
  const overdue = useMetric("overdue", { by: ["account"] });
  const [all, setAll] = useState(false);
  const currency = query.data?.currency ?? "";
  const groups = [...(query.data?.groups ?? [])].sort((a, b) => compareDecimal(b.value ?? "0", a.value ?? "0"));
  const shown = all ? groups : groups.slice(0, SHORT);
  const nameOf = (group: MetricGroup) => group.key.account ?? "No account";
  const late = (group: MetricGroup) => overdue.data?.groups.find((one) => (one.key.account ?? null) === (group.key.account ?? null));
  return (
    <Panel
      title="By account"
      actions={
        <CsvButton
          name="receivables-by-account"
          what="Receivables by account"
          rows={() => [
            ["Account", "Outstanding", "Overdue", "Currency", "Invoices"],
            ...groups.map((group) => [nameOf(group), group.value, late(group)?.value ?? "0.00", currency, group.rows]),
          ]}
        />
      }
      evidence={
        <>
          <span>Accounts by their names of today</span>
          {groups.length > SHORT && !all ? (
            <span className="end">
              <button type="button" className="link" onClick={() => setAll(true)}>
                {plural(groups.length - SHORT, "more account")}
              </button>
            </span>
          ) : null}
        </>
      }
    >
      <Loaded query={query} skeleton={<SkeletonRows rows={6} widths={[112, 0, 72, 72]} />}>
        {(data) =>
          groups.length === 0 ? (
            <Empty icon="account" title="No account owes anything" />
          ) : (
            <Breakdown
              label="Receivables by account"
              first="Account"
              rows={shown}
              keyOf={(group) => group.key.account ?? ""}
              nameOf={nameOf}
              bar={{ head: "Share of the largest", of: (group) => share(group.value, groups[0]?.value), drill: (group) => drillTo(group.drill, SLUG) }}
              columns={[
                {
                  head: `Outstanding, ${currency}`,
                  cell: (group) => <DrillLink drill={drillTo(group.drill, SLUG)}>{money(group.value, currency)}</DrillLink>,
                  foot: <DrillLink drill={drillTo(data.drill, SLUG)}>{money(data.value, currency)}</DrillLink>,
                },
                {
                  head: "Overdue",
                  cell: (group) => {
                    const own = late(group);
                    return own ? (
                      <DrillLink drill={drillTo(own.drill, "overdue")} className="warn">
                        {money(own.value, currency)}
                      </DrillLink>
                    ) : (
                      <span className="zero">–</span>
                    );
                  },
                  foot: money(overdue.data?.value ?? "0", currency),
                },
                { head: "Invoices", wide: true, cell: (group) => count(group.rows), foot: count(data.rows) },
              ]}
              total="All accounts"
            />
          )
        }
      </Loaded>
    </Panel>
  );
}
