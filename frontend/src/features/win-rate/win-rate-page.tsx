import { useQuery } from "@tanstack/react-query";
import { useMetric } from "@/api/metrics";
import { settingsQuery } from "@/api/settings";
import type { MetricResult } from "@/api/types";
import { DataAsOf } from "@/components/data-as-of";
import { DayPicker } from "@/components/day-picker";
import { DrillLink } from "@/components/drill-link";
import { FilterBar, useSetSearch, type FilterField } from "@/components/filter-bar";
import { Icon } from "@/components/icon";
import { KeyNumber } from "@/components/key-number";
import { Segments } from "@/components/segments";
import { Page } from "@/components/shell/page";
import { useCopyLink } from "@/components/shell/shell";
import { useStanding } from "@/lib/as-of";
import { drillTo } from "@/lib/drill";
import { count, dayLong, money, plural } from "@/lib/format";
import { addDays, standingDay } from "@/lib/periods";
import { comparisons, cutOf, PERIODS, type Cut, type Dimension, type Measure, type PeriodKey } from "./cuts";
import { FunnelPanel } from "./funnel-panel";
import { OddsPanel } from "./odds-panel";
import { MonthPanel } from "./month-panel";
import { RatePanel } from "./rate-panel";

const FIELDS: FilterField[] = [
  { field: "team", label: "Team", kind: "facet" },
  { field: "owner", label: "Owner", kind: "facet" },
  { field: "source", label: "Source", kind: "facet" },
  { field: "pipeline", label: "Pipeline", kind: "facet" },
  { field: "product", label: "Product", kind: "facet" },
  { field: "segment", label: "Segment", kind: "facet" },
];

function Closed({ result, slug }: { result: MetricResult; slug: string }) {
  return (
    <DrillLink drill={drillTo(result.drill, slug)}>
      {slug === "average-deal-size" ? plural(result.rows, "won deal") : plural(result.rows, "closed deal")}
    </DrillLink>
  );
}

/** Won ÷ closed, whichever the unit, each open to its rows. */
function Quotient({ result, slug, words }: { result: MetricResult; slug: string; words: (part: string | null) => string }) {
  return (
    <>
      <DrillLink drill={result.numerator_drill ? drillTo(result.numerator_drill, slug) : null}>{words(result.numerator)} won</DrillLink>
      {" ÷ "}
      <DrillLink drill={drillTo(result.drill, slug)}>{words(result.denominator)} closed</DrillLink>
    </>
  );
}

function Keys({ cut, currency }: { cut: Cut; currency: string }) {
  const { period, base } = cut;
  const rate = useMetric("win-rate", period);
  return (
    <section className="panel" aria-label="Key numbers">
      <div className="keys">
        <KeyNumber
          slug="win-rate"
          label="Win rate"
          period={period}
          base={base}
          evidence={(result) => <Quotient result={result} slug="win-rate" words={(part) => count(part)} />}
        />
        <KeyNumber
          slug="win-rate-value"
          label="Win rate by value"
          period={period}
          base={base}
          evidence={(result) => <Quotient result={result} slug="win-rate-value" words={(part) => money(part, currency)} />}
        />
        <KeyNumber
          slug="average-deal-size"
          label="Average won deal"
          period={period}
          base={base}
          rise="neither"
          evidence={(result) => <Closed result={result} slug="average-deal-size" />}
        />
        <KeyNumber
          slug="cycle-length-median"
          label="Median cycle, days"
          period={period}
          base={base}
          rise="bad"
          evidence={(result) => <Closed result={result} slug="cycle-length-median" />}
        />
      </div>
      <div className="evid">
        <DataAsOf times={rate.data?.data_as_of} />
        <span>
          Deals closed {dayLong(period.from)} to {dayLong(period.to)}
        </span>
        <span className="end">{base ? `Changes since ${dayLong(base.day)}, as it stood then` : "Changes since last Monday"}</span>
      </div>
    </section>
  );
}

interface Props {
  dimension: Dimension;
  measure: Measure;
  period: PeriodKey;
  compare: string | undefined;
}

export function WinRatePage({ dimension, measure, period, compare }: Props) {
  const { asOf } = useStanding();
  const day = standingDay(asOf);
  const set = useSetSearch();
  const copyLink = useCopyLink();
  const { data: settings } = useQuery(settingsQuery);
  const currency = settings?.reporting_currency ?? "";
  const cut = cutOf(dimension, measure, period, day, compare);
  return (
    <Page title="Win rate">
      <div className="head">
        <FilterBar fields={FIELDS} />
        <span className="end row w">
          <Segments
            label="Time"
            options={PERIODS}
            value={period}
            onPick={(key) => set((search) => ({ ...search, period: key === "365" ? undefined : key }))}
          />
          <DayPicker
            label="Compare with"
            empty="Compare"
            value={cut.base?.day}
            last={addDays(day, -1)}
            quick={comparisons(day)}
            onPick={(chosen) => set((search) => ({ ...search, compare: chosen }))}
          />
          <button type="button" className="btn g hide-sm" onClick={copyLink}>
            <Icon name="link" />
            Copy link
          </button>
        </span>
      </div>
      <div className="stack">
        <Keys cut={cut} currency={currency} />
        <RatePanel cut={cut} currency={currency} />
        <div className="g12">
          <MonthPanel cut={cut} day={day} currency={currency} />
          <OddsPanel cut={cut} />
        </div>
        <FunnelPanel cut={cut} />
      </div>
    </Page>
  );
}
