import { useMetric } from "@/api/metrics";
import type { MetricGroup } from "@/api/types";
import { Breakdown } from "@/components/breakdown";
import { CsvButton } from "@/components/csv-button";
import { Definition } from "@/components/definition";
import { DrillLink } from "@/components/drill-link";
import { Panel } from "@/components/panel";
import { Empty, Loaded, SkeletonRows } from "@/components/states";
import { drillTo } from "@/lib/drill";
import { compareDecimal, count, difference, percent } from "@/lib/format";
import type { Cut } from "./cuts";

const SLUG = "outcome-rate";
const BAND = "probability_band";

function Gap({ stated, outcome }: { stated: string | null | undefined; outcome: string | null }) {
  if (stated == null || outcome === null) return <span className="zero">–</span>;
  const gap = difference(outcome, stated);
  const sign = compareDecimal(gap, "0") > 0 ? "+" : "";
  return <span className={gap.startsWith("-") ? "warn" : ""}>{`${sign}${percent(gap, 0).replace("%", "")} pts`}</span>;
}

/** What was said on entry of a stage beside what came of it: below, deals were promised too much. */
export function OddsPanel({ cut }: { cut: Cut }) {
  const { period } = cut;
  const query = useMetric(SLUG, { by: [BAND], ...period });
  const stated = useMetric("stated-probability", { by: [BAND], ...period }).data;
  const statedOf = (group: MetricGroup) => stated?.groups.find((one) => one.key[BAND] === group.key[BAND])?.value;
  const bands = [...(query.data?.groups ?? [])].sort((a, b) => compareDecimal(statedOf(a) ?? "2", statedOf(b) ?? "2"));
  return (
    <Panel
      title={
        <span className="row gap4">
          Stated odds, and what came of them
          <Definition slug="probability-gap" result={undefined} label="The gap between stated odds and outcome" />
        </span>
      }
      className="s5"
      actions={
        <CsvButton
          name={`stated-odds-${period.from}-${period.to}`}
          what="Stated odds"
          rows={() => [["Band", "Stated", "Won", "Visits"], ...bands.map((group) => [group.key[BAND], statedOf(group), group.value, group.rows])]}
        />
      }
      evidence={<span>Closed deals, by the odds stated when they entered a stage</span>}
    >
      <Loaded query={query} skeleton={<SkeletonRows rows={5} widths={[72, 0, 48, 48]} />}>
        {(data) =>
          data.rows === 0 ? (
            <Empty icon="rate" title="No closed deal had stated odds in this time" />
          ) : (
            <Breakdown
              label="Stated odds"
              first="Band"
              rows={bands}
              keyOf={(group) => group.key[BAND] ?? ""}
              nameOf={(group) => group.key[BAND] ?? "None stated"}
              columns={[
                { head: "Stated", cell: (group) => percent(statedOf(group), 0), foot: percent(stated?.value, 0) },
                {
                  head: "Won",
                  cell: (group) => <DrillLink drill={drillTo(group.drill, SLUG)}>{percent(group.value, 0)}</DrillLink>,
                  foot: <DrillLink drill={drillTo(data.drill, SLUG)}>{percent(data.value, 0)}</DrillLink>,
                },
                { head: "Gap", cell: (group) => <Gap stated={statedOf(group)} outcome={group.value} />, foot: <Gap stated={stated?.value} outcome={data.value} /> },
                { head: "Visits", wide: true, cell: (group) => count(group.rows), foot: count(data.rows) },
              ]}
              total="All"
            />
          )
        }
      </Loaded>
    </Panel>
  );
}
