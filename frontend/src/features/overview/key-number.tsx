import type { ReactNode } from "react";
import { useQuery } from "@tanstack/react-query";
import { metricQuery, useMetric } from "@/api/metrics";
import type { MetricResult } from "@/api/types";
import { Definition, metricValue } from "@/components/definition";
import { DrillLink } from "@/components/drill-link";
import { Icon } from "@/components/icon";
import { Failure, Skeleton } from "@/components/states";
import { useStanding } from "@/lib/as-of";
import { drillTo } from "@/lib/drill";
import { compareDecimal, day, difference, moneyShort, percent } from "@/lib/format";
import { lastMonday, standingDay } from "@/lib/periods";
import { filterParameters } from "@/lib/search";
import { usePageSearch } from "@/lib/page-search";

interface Period {
  from?: string;
  to?: string;
}

function figure(result: Pick<MetricResult, "unit" | "value" | "currency">): string {
  if (result.value === null) return "–";
  if (result.unit === "currency") return moneyShort(result.value, result.currency);
  return result.unit === "fraction" ? percent(result.value) : metricValue(result);
}

/** How far the number moved since last Monday. Shown only when that day has a number too. */
function Delta({ slug, period, result, label }: { slug: string; period: Period; result: MetricResult; label: string }) {
  const search = usePageSearch();
  const { asOf } = useStanding();
  const since = lastMonday(standingDay(asOf));
  const base = useQuery({
    ...metricQuery(slug, { ...period, as_of: since, filters: filterParameters(search) }),
    staleTime: 5 * 60_000,
  });
  const before = base.data?.value;
  if (result.value === null || before == null || (base.data?.rows ?? 0) === 0) return <span>&nbsp;</span>;
  const change = difference(result.value, before);
  const direction = compareDecimal(change, "0");
  const size = change.replace("-", "");
  const text =
    result.unit === "fraction" ? `${percent(size).replace("%", "")} pts` : moneyShort(size, result.currency);
  const words = direction === 0 ? "unchanged" : `${direction > 0 ? "up" : "down"} ${text}`;
  return (
    <>
      <span className={`delta ${direction > 0 ? "ok" : direction < 0 ? "bad" : "mut"}`} aria-label={`${label} ${words}`} role="img">
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
  evidence,
}: {
  slug: string;
  label: string;
  period?: Period;
  evidence: (result: MetricResult) => ReactNode;
}) {
  const query = useMetric(slug, period);
  const result = query.data;
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
            <Delta slug={slug} period={period} result={result} label={label} />
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
