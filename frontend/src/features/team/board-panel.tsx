import { current, useMetric } from "@/api/metrics";
import type { MetricGroup, MetricResult } from "@/api/types";
import { CsvButton } from "@/components/csv-button";
import { Definition } from "@/components/definition";
import { DrillLink } from "@/components/drill-link";
import { useSetSearch } from "@/components/filter-bar";
import { Panel } from "@/components/panel";
import { Segments } from "@/components/segments";
import { Empty, Loaded, SkeletonRows } from "@/components/states";
import { drillTo } from "@/lib/drill";
import { compareDecimal, money, percent, share, times } from "@/lib/format";
import type { Period } from "@/lib/periods";
import { DIMENSIONS, partOf, passed, ranked, type Dimension, type Part } from "./cuts";

const SLUG = "quota-attainment";

/** One of the amounts behind an attainment, open to its own rows: deals or quotas. */
function Amount({ part, currency }: { part: Part | undefined; currency: string }) {
  if (!part || part.value === null || part.rows === 0) return <span className="zero">–</span>;
  return <DrillLink drill={drillTo(part.drill, part.metric)}>{money(String(part.value), currency)}</DrillLink>;
}

/** Attainment as a bar of 100%, with a mark where the period stands. */
function Bar({ group, pace, name }: { group: MetricGroup; pace: string; name: string }) {
  if (group.value === null) return null;
  const over = compareDecimal(group.value, "1") >= 0;
  return (
    <DrillLink drill={drillTo(group.drill, SLUG)} className="bar-link" label={`${name}: ${percent(group.value, 0)} of the quota`}>
      <span className="pace block">
        <span className="bar bare">
          <i className={over ? "up" : "f1"} style={{ width: `${share(group.value, "1") * 100}%`, borderRadius: 2 }} />
        </span>
        <b style={{ left: percent(pace, 2) }} />
      </span>
    </DrillLink>
  );
}

function useOthers(by: Dimension, period: { from: string; to: string }) {
  const of = (result: MetricResult | undefined, group: MetricGroup) => result?.groups.find((one) => (one.key[by] ?? null) === (group.key[by] ?? null));
  const rate = useMetric("win-rate", { by: [by], ...period }).data;
  const open = useMetric("open-pipeline", { by: [by], ...period }).data;
  const coverage = useMetric("coverage", { by: [by], ...period }).data;
  return {
    rate: (group: MetricGroup) => of(rate, group),
    open: (group: MetricGroup) => of(open, group),
    coverage: (group: MetricGroup) => of(coverage, group),
    totals: { rate, open, coverage },
  };
}

/** Who has won how much of the quota, the best first, and what is left to win it with. */
export function BoardPanel({ by, period, day, currency }: { by: Dimension; period: Period; day: string; currency: string }) {
  const span = { from: period.from, to: period.to };
  const query = current(useMetric(SLUG, { by: [by], ...span }));
  const others = useOthers(by, span);
  const set = useSetSearch();
  const pace = passed(period, day);
  const label = DIMENSIONS.find((one) => one.key === by)?.label ?? by;
  const nameOf = (group: MetricGroup) => group.key[by] ?? `No ${by}`;
  const linked = (group: Pick<MetricGroup, "drill" | "value"> | undefined, slug: string, text: (value: string | null) => string) =>
    group?.value == null ? <span className="zero">–</span> : <DrillLink drill={drillTo(group.drill, slug)}>{text(group.value)}</DrillLink>;
  return (
    <Panel
      title={
        <span className="row gap4">
          Against the quota, {period.label}
          <Definition slug={SLUG} result={query.data} label="Quota attainment" />
        </span>
      }
      actions={
        <>
          <Segments label="Group by" options={DIMENSIONS} value={by} onPick={(key) => set((search) => ({ ...search, by: key === "owner" ? undefined : key }))} />
          <CsvButton
            name={`attainment-by-${by}-${period.from}-${period.to}`}
            what="Attainment"
            rows={() => [
              [label, "Won", "Quota", "Attainment", "Win rate", "Open pipeline", "Coverage", "Currency"],
              ...(query.data ? ranked(query.data) : []).map((group) => [
                nameOf(group),
                partOf(group, "won-value")?.value,
                partOf(group, "quota")?.value,
                group.value,
                others.rate(group)?.value,
                others.open(group)?.value,
                others.coverage(group)?.value,
                currency,
              ]),
            ]}
          />
        </>
      }
      evidence={
        <>
          <span>{percent(pace, 0)} of the period has passed: the mark on each bar</span>
          <span>Open pipeline and coverage: deals expected to close in the period</span>
          <span className="end">The best first; those without a quota last</span>
        </>
      }
    >
      <Loaded query={query} skeleton={<SkeletonRows rows={8} widths={[112, 0, 72, 72, 48]} />}>
        {(data) => {
          const rows = ranked(data);
          if (rows.length === 0) {
            return (
              <Empty icon="flag" title="No quota and nothing won in this time">
                Quotas come from the sources as records; see Quotas under Records.
              </Empty>
            );
          }
          return (
            <div className="scroll sticky1 of-all" role="region" aria-label={`Attainment by ${by}, table`} tabIndex={0}>
              <table className="t tc">
                <thead>
                  <tr>
                    <th>{label}</th>
                    <th className="hide-sm">
                      <span className="vh">Attainment, of 100%</span>
                    </th>
                    <th className="r">Attained</th>
                    <th className="r">Won, {currency}</th>
                    <th className="r">Quota</th>
                    <th className="r">Win rate</th>
                    <th className="r">Open</th>
                    <th className="r" title="Open pipeline ÷ what is missing to the quota">
                      Coverage
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {rows.map((group) => (
                    <tr key={group.key[by] ?? ""}>
                      <th scope="row" className="m stage-name" title={nameOf(group)}>
                        {nameOf(group)}
                      </th>
                      <td className="hide-sm board-bar">
                        <Bar group={group} pace={pace} name={nameOf(group)} />
                      </td>
                      <td className="r m">{linked(group, SLUG, (value) => percent(value, 0))}</td>
                      <td className="r">
                        <Amount part={partOf(group, "won-value")} currency={currency} />
                      </td>
                      <td className="r">
                        <Amount part={partOf(group, "quota")} currency={currency} />
                      </td>
                      <td className="r">{linked(others.rate(group), "win-rate", (value) => percent(value, 0))}</td>
                      <td className="r">{linked(others.open(group), "open-pipeline", (value) => money(value, currency))}</td>
                      <td className="r">{linked(others.coverage(group), "coverage", times)}</td>
                    </tr>
                  ))}
                </tbody>
                <tfoot>
                  <tr>
                    <th scope="row">All</th>
                    <td className="hide-sm" />
                    <td className="r">{linked(data, SLUG, (value) => percent(value, 0))}</td>
                    <td className="r">
                      <Amount part={partOf(data, "won-value")} currency={currency} />
                    </td>
                    <td className="r">
                      <Amount part={partOf(data, "quota")} currency={currency} />
                    </td>
                    <td className="r">{linked(others.totals.rate, "win-rate", (value) => percent(value, 0))}</td>
                    <td className="r">{linked(others.totals.open, "open-pipeline", (value) => money(value, currency))}</td>
                    <td className="r">{linked(others.totals.coverage, "coverage", times)}</td>
                  </tr>
                </tfoot>
              </table>
            </div>
          );
        }}
      </Loaded>
    </Panel>
  );
}
