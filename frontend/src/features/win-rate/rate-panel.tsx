import { current, useMetric, useMetricOn } from "@/api/metrics";
import type { MetricGroup, MetricResult } from "@/api/types";
import { Breakdown } from "@/components/breakdown";
import { CsvButton } from "@/components/csv-button";
import { Definition } from "@/components/definition";
import { DrillLink } from "@/components/drill-link";
import { useSetSearch } from "@/components/filter-bar";
import { Icon } from "@/components/icon";
import { Panel } from "@/components/panel";
import { Segments } from "@/components/segments";
import { sourceName } from "@/components/source";
import { Empty, Loaded, SkeletonRows } from "@/components/states";
import { drillTo } from "@/lib/drill";
import { compareDecimal, count, day, difference, money, percent, share } from "@/lib/format";
import { words } from "@/lib/nouns";
import { DIMENSIONS, FEW, MEASURES, type Cut, type Dimension } from "./cuts";

function groupName(dimension: Dimension, name: string | null): string {
  if (name === null) return `No ${words(dimension).toLowerCase()}`;
  return dimension === "source" ? sourceName(name) : name;
}

/** How a rate moved, in points. */
export function Points({ now, before }: { now: string | null; before: string | null | undefined }) {
  if (now === null || before == null) return <span className="zero">–</span>;
  const change = difference(now, before);
  const direction = compareDecimal(change, "0");
  if (direction === 0) return <span className="mut">unchanged</span>;
  return (
    <span className={`delta ${direction > 0 ? "ok" : "bad"}`}>
      <Icon name={direction > 0 ? "arrowUp" : "arrowDown"} size={12} />
      <span className="vh">{direction > 0 ? "up" : "down"}</span>
      {percent(change.replace("-", "")).replace("%", "")} pts
    </span>
  );
}

/** Numerator and denominator in the metric's own unit. */
export function part(value: string | null, measure: Cut["measure"], currency: string): string {
  if (value === null) return "–";
  return measure === "value" ? money(value, currency) : count(value);
}

function ordered(result: MetricResult): MetricGroup[] {
  return [...result.groups].sort(
    (a, b) => compareDecimal(b.value ?? "-1", a.value ?? "-1") || compareDecimal(b.denominator ?? "0", a.denominator ?? "0"),
  );
}

/** The share won of what closed, for each team, owner, source, segment. */
export function RatePanel({ cut, currency }: { cut: Cut; currency: string }) {
  const { dimension, slug, period, base, measure } = cut;
  const query = current(useMetric(slug, { by: [dimension], ...period }));
  const earlier = current(useMetricOn(slug, base?.day, { by: [dimension], ...(base?.period ?? {}) }));
  const set = useSetSearch();
  const label = DIMENSIONS.find((one) => one.key === dimension)?.label ?? dimension;
  const beforeOf = (group: MetricGroup) =>
    earlier.data?.groups.find((one) => (one.key[dimension] ?? null) === (group.key[dimension] ?? null))?.value;
  return (
    <Panel
      title={
        <span className="row gap4">
          Win rate by {label.toLowerCase()}
          <Definition slug={slug} result={query.data} label={`Win rate by ${label.toLowerCase()}`} />
        </span>
      }
      actions={
        <>
          <Segments
            label="Measure"
            options={MEASURES}
            value={measure}
            onPick={(key) => set((search) => ({ ...search, show: key === "deals" ? undefined : key }))}
          />
          <Segments
            label="Group by"
            options={DIMENSIONS}
            value={dimension}
            onPick={(key) => set((search) => ({ ...search, by: key === "team" ? undefined : key }))}
          />
          <CsvButton
            name={`${slug}-by-${dimension}-${period.from}-${period.to}`}
            what={`Win rate by ${label.toLowerCase()}`}
            rows={() => [
              [label, "Win rate", "Won", "Closed", ...(base ? [`Win rate on ${base.day}`] : [])],
              ...(query.data ? ordered(query.data) : []).map((group) => [
                groupName(dimension, group.key[dimension] ?? null),
                group.value,
                group.numerator,
                group.denominator,
                ...(base ? [beforeOf(group)] : []),
              ]),
            ]}
          />
        </>
      }
      evidence={
        <>
          <span>
            {measure === "value" ? "By value" : "By count"}, of deals closed {day(period.from)} to {day(period.to)}
          </span>
          {base ? (
            <span>
              Compared with {day(base.period.from)} to {day(base.period.to)} as it stood then
            </span>
          ) : null}
          <span className="end">Under {FEW} closed deals a rate says little: such bars are hatched</span>
        </>
      }
    >
      <Loaded query={query} skeleton={<SkeletonRows rows={6} widths={[96, 0, 64, 64]} />}>
        {(data) =>
          data.rows === 0 ? (
            <Empty icon="rate" title="No deal closed in this time">
              Choose a longer time, or remove a filter.
            </Empty>
          ) : (
            <div className="of-all">
              <Breakdown
                label={`Win rate by ${label.toLowerCase()}`}
                first={label}
                rows={ordered(data)}
                keyOf={(group) => group.key[dimension] ?? ""}
                nameOf={(group) => groupName(dimension, group.key[dimension] ?? null)}
                bar={{
                  head: "Win rate, of 100%",
                  of: (group) => share(group.value, "1"),
                  drill: (group) => drillTo(group.drill, slug),
                  tone: (group) => (group.rows < FEW ? "hatch" : "f1"),
                }}
                columns={[
                  {
                    head: "Win rate",
                    cell: (group) => <DrillLink drill={drillTo(group.drill, slug)}>{percent(group.value)}</DrillLink>,
                    foot: <DrillLink drill={drillTo(data.drill, slug)}>{percent(data.value)}</DrillLink>,
                  },
                  {
                    head: "Won",
                    cell: (group) => (
                      <DrillLink drill={group.numerator_drill ? drillTo(group.numerator_drill, slug) : null}>{part(group.numerator, measure, currency)}</DrillLink>
                    ),
                    foot: part(data.numerator, measure, currency),
                  },
                  {
                    head: "Closed",
                    cell: (group) => <DrillLink drill={drillTo(group.drill, slug)}>{part(group.denominator, measure, currency)}</DrillLink>,
                    foot: part(data.denominator, measure, currency),
                  },
                  ...(base
                    ? [
                        {
                          head: `Since ${day(base.day)}`,
                          cell: (group: MetricGroup) => <Points now={group.value} before={beforeOf(group)} />,
                          foot: <Points now={data.value} before={earlier.data?.value} />,
                        },
                      ]
                    : []),
                ]}
                total="All"
              />
            </div>
          )
        }
      </Loaded>
    </Panel>
  );
}
