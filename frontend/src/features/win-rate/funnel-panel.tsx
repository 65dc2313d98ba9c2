import { useMetric, useMetricOn } from "@/api/metrics";
import type { MetricGroup, MetricResult } from "@/api/types";
import { Breakdown } from "@/components/breakdown";
import { CsvButton } from "@/components/csv-button";
import { Definition } from "@/components/definition";
import { DrillLink } from "@/components/drill-link";
import { Panel } from "@/components/panel";
import { Empty, Loaded, SkeletonRows } from "@/components/states";
import { drillTo } from "@/lib/drill";
import { compareDecimal, count, day, days, percent, share } from "@/lib/format";
import type { Cut } from "./cuts";
import { Points } from "./rate-panel";

const SLUG = "stage-conversion";

type ByStage = Map<string | null, MetricGroup>;

function byStage(result: MetricResult | undefined): ByStage {
  return new Map(result?.groups.map((group) => [group.key.stage ?? null, group]));
}

/** From the first stage to the last, by how likely deals were said to be won on entry. */
function ordered(result: MetricResult, odds: ByStage): MetricGroup[] {
  const place = (group: MetricGroup) => odds.get(group.key.stage ?? null)?.value ?? "2";
  return [...result.groups].sort((a, b) => compareDecimal(place(a), place(b)) || b.rows - a.rows);
}

/** Of the deals that entered a stage, how many went on; and of those, how many were won in the end. */
export function FunnelPanel({ cut }: { cut: Cut }) {
  const { period, base } = cut;
  const query = useMetric(SLUG, { by: ["stage"], ...period });
  const odds = byStage(useMetric("stated-probability", { by: ["stage"], ...period }).data);
  const wins = byStage(useMetric("stage-win-rate", { by: ["stage"], ...period }).data);
  const times = byStage(useMetric("time-in-stage-median", { by: ["stage"], ...period }).data);
  const earlier = byStage(useMetricOn(SLUG, base?.day, { by: ["stage"], ...(base?.period ?? {}) }).data);
  const of = (map: ByStage, group: MetricGroup) => map.get(group.key.stage ?? null);
  const linked = (group: MetricGroup | undefined, slug: string, text: string) =>
    group ? <DrillLink drill={drillTo(group.drill, slug)}>{text}</DrillLink> : <span className="zero">–</span>;
  return (
    <Panel
      title={
        <span className="row gap4">
          Stage conversion
          <Definition slug={SLUG} result={query.data} label="Stage conversion" />
        </span>
      }
      actions={
        <CsvButton
          name={`stage-conversion-${period.from}-${period.to}`}
          what="Stage conversion"
          rows={() => [
            ["Stage", "Conversion", "Went on", "Entered", "Won in the end", "Median days"],
            ...(query.data ? ordered(query.data, odds) : []).map((group) => [
              group.key.stage,
              group.value,
              group.numerator,
              group.denominator,
              of(wins, group)?.value,
              of(times, group)?.value,
            ]),
          ]}
        />
      }
      evidence={
        <>
          <span>
            By the day of entry, {day(period.from)} to {day(period.to)}; stages in the order of the odds that were stated on entry
          </span>
          <span className="end">Won in the end counts closed deals only</span>
        </>
      }
    >
      <Loaded query={query} skeleton={<SkeletonRows rows={5} widths={[96, 0, 64, 64]} />}>
        {(data) =>
          data.rows === 0 ? (
            <Empty icon="pipeline" title="No deal entered a stage in this time" />
          ) : (
            <div className="of-all">
              <Breakdown
                label="Stage conversion"
                first="Stage"
                rows={ordered(data, odds)}
                keyOf={(group) => group.key.stage ?? ""}
                nameOf={(group) => group.key.stage ?? "No stage"}
                bar={{ head: "Conversion, of 100%", of: (group) => share(group.value, "1"), drill: (group) => drillTo(group.drill, SLUG) }}
                columns={[
                  { head: "Conversion", cell: (group) => linked(group, SLUG, percent(group.value)), foot: percent(data.value) },
                  {
                    head: "Went on",
                    wide: true,
                    cell: (group) => (
                      <DrillLink drill={group.numerator_drill ? drillTo(group.numerator_drill, SLUG) : null}>{count(group.numerator)}</DrillLink>
                    ),
                    foot: count(data.numerator),
                  },
                  { head: "Entered", cell: (group) => linked(group, SLUG, count(group.denominator)), foot: count(data.denominator) },
                  {
                    head: "Won in the end",
                    title: "Of the closed deals that were once in the stage",
                    cell: (group) => linked(of(wins, group), "stage-win-rate", percent(of(wins, group)?.value)),
                  },
                  {
                    head: "Median days",
                    wide: true,
                    cell: (group) => linked(of(times, group), "time-in-stage-median", days(of(times, group)?.value)),
                  },
                  ...(base
                    ? [{ head: `Since ${day(base.day)}`, wide: true, cell: (group: MetricGroup) => <Points now={group.value} before={of(earlier, group)?.value} /> }]
                    : []),
                ]}
                total="All stages"
              />
            </div>
          )
        }
      </Loaded>
    </Panel>
  );
}
