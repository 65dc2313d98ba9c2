import { useMetric } from "@/api/metrics";
import type { MetricResult } from "@/api/types";
import { DataAsOf } from "@/components/data-as-of";
import { DrillLink } from "@/components/drill-link";
import { Icon } from "@/components/icon";
import { KeyNumber } from "@/components/key-number";
import { Failure } from "@/components/states";
import { useStanding } from "@/lib/as-of";
import { drillTo } from "@/lib/drill";
import { percent, plural, ratio, zoneName } from "@/lib/format";
import { lastDays, quarterOf, standingDay } from "@/lib/periods";

function Deals({ result, slug }: { result: MetricResult; slug: string }) {
  return (
    <>
      <DrillLink drill={drillTo(result.drill, slug)}>{plural(result.rows, "deal")}</DrillLink>
      {result.unpriced > 0 ? (
        <>
          {" · "}
          <span className="warn" title="No amount, no currency, or no exchange rate: counted, left out of the sum">
            {plural(result.unpriced, "without a price", "without a price")}
          </span>
        </>
      ) : null}
    </>
  );
}

function Closed({ result, period }: { result: MetricResult; period: { from: string; to: string } }) {
  const won = useMetric("won-count", period).data;
  return (
    <>
      {won ? (
        <>
          <DrillLink drill={drillTo(won.drill, "won-count")}>{plural(won.rows, "won", "won")}</DrillLink>
          {" ÷ "}
        </>
      ) : null}
      <DrillLink drill={drillTo(result.drill, "win-rate")}>{plural(result.rows, "closed", "closed")}</DrillLink>
    </>
  );
}

/** The four numbers that the page opens with, in one panel. */
export function KeyNumbers() {
  const { asOf } = useStanding();
  const today = standingDay(asOf);
  const quarter = quarterOf(today);
  const days = lastDays(today, 90);
  const open = useMetric("open-pipeline");
  const total = open.data?.value;
  return (
    <section className="panel" aria-label="Key numbers">
      {open.error && open.data ? (
        <Failure error={open.error} onRetry={() => void open.refetch()} keptAt={open.dataUpdatedAt} />
      ) : null}
      <div className="keys">
        <KeyNumber
          slug="open-pipeline"
          label="Open pipeline"
          evidence={(result) => <Deals result={result} slug="open-pipeline" />}
        />
        <KeyNumber
          slug="weighted-pipeline"
          label="Weighted pipeline"
          evidence={(result) => `${percent(ratio(result.value, total), 0)} of the open pipeline`}
        />
        <KeyNumber
          slug="won-value"
          label={`Won in ${quarter.label.split(" ")[0]}`}
          period={{ from: quarter.from, to: quarter.to }}
          evidence={(result) => <Deals result={result} slug="won-value" />}
        />
        <KeyNumber
          slug="win-rate"
          label="Win rate, 90 days"
          period={{ from: days.from, to: days.to }}
          evidence={(result) => <Closed result={result} period={{ from: days.from, to: days.to }} />}
        />
      </div>
      <div className="evid">
        <DataAsOf times={open.data?.data_as_of} />
        {open.data ? <span>Amounts in {open.data.currency}, each converted at the rate of its day</span> : null}
        <span>Times in {zoneName()} time</span>
        <span className="end">
          <Icon name="link" size={12} />
          Every number opens its rows
        </span>
      </div>
    </section>
  );
}
