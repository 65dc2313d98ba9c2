import type { ReactNode } from "react";
import { useQuery } from "@tanstack/react-query";
import { metricQuery, useMetric } from "@/api/metrics";
import type { MetricResult } from "@/api/types";
import { Definition, metricValue } from "./definition";
import { DrillLink } from "./drill-link";
import { Icon } from "./icon";
import { Failure, Skeleton } from "./states";
import { useStanding } from "@/lib/as-of";
import { drillTo } from "@/lib/drill";
import { compareDecimal, day, days, decimal, difference, moneyShort, percent, times } from "@/lib/format";
import { lastMonday, standingDay } from "@/lib/periods";
import { filterParameters } from "@/lib/search";
import { usePageSearch } from "@/lib/page-search";

interface Period {
  from?: string;
  to?: string;
}

function figure(result: Pick<MetricResult, "unit" | "value" | "currency">): string {
  if (result.value === null) return "–";
  if (result.unit === "ratio") return times(result.value);
  if (result.unit === "currency") return moneyShort(result.value, result.currency);
  if (result.unit === "days") return days(result.value);
  return result.unit === "fraction" ? percent(result.value) : metricValue(result);
}

/** The day that a number is compared with, and the period that was asked about on it. */
export interface Base {
  day: string;
  period: Period;
}

/** What a rise says: cycles that get longer are no good news, deal sizes are neither. */
type Rise = "good" | "bad" | "neither";

function size(result: MetricResult, change: string): string {
  if (result.unit === "fraction") return `${percent(change).replace("%", "")} pts`;
  if (result.unit === "currency") return moneyShort(change, result.currency);
  if (result.unit === "ratio") return times(change);
  return result.unit === "days" ? `${days(change)} days` : decimal(change);
}

/** How far the number moved since the base, last Monday by itself. Shown only when that day has a number too. */
function Delta({ slug, period, result, label, base, rise }: { slug: string; period: Period; result: MetricResult; label: string; base: Base | undefined; rise: Rise }) {
  const search = usePageSearch();
  const { asOf } = useStanding();
  const since = base?.day ?? lastMonday(standingDay(asOf));
  const earlier = useQuery({
    ...metricQuery(slug, { ...(base?.period ?? period), as_of: since, filters: filterParameters(search) }),
    staleTime: 5 * 60_000,
  });
  const before = earlier.data?.value;
  if (result.value === null || before == null || (earlier.data?.rows ?? 0) === 0) return <span>&nbsp;</span>;
  const change = difference(result.value, before);
  const direction = compareDecimal(change, "0");
  const text = size(result, change.replace("-", ""));
  const good = rise === "bad" ? -1 : 1;
  const tone = direction === 0 || rise === "neither" ? "mut" : direction === good ? "ok" : "bad";
  const words = direction === 0 ? "unchanged" : `${direction > 0 ? "up" : "down"} ${text}`;
  return (
    <>
      <span className={`delta ${tone}`} aria-label={`${label} ${words}`} role="img">
        {direction === 0 ? "Unchanged" : <Icon name={direction > 0 ? "arrowUp" : "arrowDown"} size={12} />}
        {direction === 0 ? "" : text}
      </span>
      <span className="mut nw">since {day(since)}</span>
    </>
  );
}

/** A key number: what it means, the figure that opens, how it moved, and its denominator. */
export function KeyNumber({
  slug,
  label,
  period = {},
  base,
  rise = "good",
  asShare = false,
  evidence,
}: {
  slug: string;
  label: string;
  period?: Period;
  base?: Base | undefined;
  rise?: Rise;
  /** A ratio that people say in percent. */
  asShare?: boolean;
  evidence: (result: MetricResult) => ReactNode;
}) {
  const query = useMetric(slug, period);
  const result = query.data && asShare ? { ...query.data, unit: "fraction" } : query.data;
  return (
    <div className="key" aria-busy={query.isFetching}>
      <div className="lab">
        <span className="tr">{label}</span>
        <Definition slug={slug} result={result} label={label} />
      </div>
      {result ? (
        <>
          <div className="fig">
            <span className="figure">
              <DrillLink drill={drillTo(result.drill, slug)} title={metricValue(result)}>
                {figure(result)}
              </DrillLink>
            </span>
          </div>
          <div className="xs nw row gap4 delta-line">
            <Delta slug={slug} period={period} result={result} label={label} base={base} rise={rise} />
          </div>
          <div className="xs mut evd">{evidence(result)}</div>
        </>
      ) : query.error ? (
        <Failure error={query.error} onRetry={() => void query.refetch()} />
      ) : (
        <>
          <Skeleton width={96} height={32} />
          <Skeleton width={128} height={16} />
          <Skeleton width={112} height={16} />
        </>
      )}
    </div>
  );
}
