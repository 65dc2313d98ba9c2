import { useQuery } from "@tanstack/react-query";
import { useMetric } from "@/api/metrics";
import { settingsQuery } from "@/api/settings";
import type { MetricResult } from "@/api/types";
import { DataAsOf } from "@/components/data-as-of";
import { DrillLink } from "@/components/drill-link";
import { FilterBar, useSetSearch, type FilterField } from "@/components/filter-bar";
import { Icon } from "@/components/icon";
import { KeyNumber } from "@/components/key-number";
import { Segments } from "@/components/segments";
import { Page } from "@/components/shell/page";
import { useCopyLink } from "@/components/shell/shell";
import { useStanding } from "@/lib/as-of";
import { drillTo } from "@/lib/drill";
import { dayLong, difference, money, plural } from "@/lib/format";
import { standingDay } from "@/lib/periods";
import { BoardPanel } from "./board-panel";
import { PERIODS, partOf, periodOf, type Dimension, type PeriodKey } from "./cuts";

const FIELDS: FilterField[] = [
  { field: "team", label: "Team", kind: "facet", metric: "won-count" },
  { field: "owner", label: "Owner", kind: "facet", metric: "won-count" },
];

/** "€1,183,505 won ÷ €3,000,000 quota", each open to its rows. */
function Parts({ result, currency }: { result: MetricResult; currency: string }) {
  const quota = partOf(result, "quota");
  const won = partOf(result, "won-value");
  return (
    <>
      {won ? <DrillLink drill={drillTo(won.drill, "won-value")}>{money(String(won.value ?? "0"), currency)} won</DrillLink> : null}
      {" ÷ "}
      {quota ? <DrillLink drill={drillTo(quota.drill, "quota")}>{plural(quota.rows, "quota")}</DrillLink> : null}
    </>
  );
}

function Missing({ result, currency }: { result: MetricResult; currency: string }) {
  const quota = partOf(result, "quota")?.value;
  const won = partOf(result, "won-value")?.value;
  if (quota == null || won == null) return "no quota";
  const missing = difference(String(quota), String(won));
  return missing.startsWith("-") ? "the quota is reached" : `${money(missing, currency)} still missing`;
}

export function TeamPage({ by, periodKey }: { by: Dimension; periodKey: PeriodKey }) {
  const { asOf } = useStanding();
  const day = standingDay(asOf);
  const set = useSetSearch();
  const copyLink = useCopyLink();
  const { data: settings } = useQuery(settingsQuery);
  const currency = settings?.reporting_currency ?? "";
  const period = periodOf(periodKey, day);
  const span = { from: period.from, to: period.to };
  const won = useMetric("won-value", span);
  return (
    <Page title="Team">
      <div className="head">
        <FilterBar fields={FIELDS} />
        <span className="end row w">
          <Segments
            label="Time"
            options={PERIODS}
            value={periodKey}
            onPick={(key) => set((search) => ({ ...search, period: key === "this" ? undefined : key }))}
          />
          <button type="button" className="btn g hide-sm" onClick={copyLink}>
            <Icon name="link" />
            Copy link
          </button>
        </span>
      </div>
      <div className="stack">
        <section className="panel" aria-label="Key numbers">
          <div className="keys">
            <KeyNumber
              slug="quota-attainment"
              label="Quota attained"
              period={span}
              asShare
              evidence={(result) => <Parts result={result} currency={currency} />}
            />
            <KeyNumber
              slug="won-value"
              label="Won"
              period={span}
              evidence={(result) => <DrillLink drill={drillTo(result.drill, "won-value")}>{plural(result.rows, "deal")}</DrillLink>}
            />
            <KeyNumber
              slug="quota"
              label="Quota"
              period={span}
              rise="neither"
              evidence={(result) => <DrillLink drill={drillTo(result.drill, "quota")}>{plural(result.rows, "quota")}</DrillLink>}
            />
            <KeyNumber slug="coverage" label="Coverage" period={span} evidence={(result) => <Missing result={result} currency={currency} />} />
          </div>
          <div className="evid">
            <DataAsOf times={won.data?.data_as_of} />
            <span>
              {dayLong(period.from)} to {dayLong(period.to)}
            </span>
            <span className="end">Quotas count in the period in which they begin</span>
          </div>
        </section>
        <BoardPanel by={by} period={period} day={day} currency={currency} />
      </div>
    </Page>
  );
}
