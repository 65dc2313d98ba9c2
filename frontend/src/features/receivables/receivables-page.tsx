import { useMetric } from "@/api/metrics";
import type { MetricResult } from "@/api/types";
import { DataAsOf } from "@/components/data-as-of";
import { DrillLink } from "@/components/drill-link";
import { FilterBar, type FilterField } from "@/components/filter-bar";
import { Icon } from "@/components/icon";
import { KeyNumber } from "@/components/key-number";
import { Page } from "@/components/shell/page";
import { useCopyLink } from "@/components/shell/shell";
import { useStanding } from "@/lib/as-of";
import { drillTo } from "@/lib/drill";
import { percent, plural, ratio } from "@/lib/format";
import { lastDays, standingDay } from "@/lib/periods";
import { AccountPanel } from "./account-panel";
import { AgeingPanel } from "./ageing-panel";
import { OldestPanel } from "./oldest-panel";

const FIELDS: FilterField[] = [
  { field: "ageing", label: "Overdue", kind: "facet", metric: "receivables" },
  { field: "account", label: "Account", kind: "facet", metric: "receivables" },
  { field: "currency", label: "Currency", kind: "facet", metric: "receivables" },
  { field: "source", label: "Source", kind: "facet", metric: "receivables" },
];

function Invoices({ result, slug }: { result: MetricResult; slug: string }) {
  return (
    <>
      <DrillLink drill={drillTo(result.drill, slug)}>{plural(result.rows, "invoice")}</DrillLink>
      {result.unpriced > 0 ? <span className="warn"> · {plural(result.unpriced, "without a price", "without a price")}</span> : null}
    </>
  );
}

export function ReceivablesPage() {
  const copyLink = useCopyLink();
  const { asOf } = useStanding();
  const days = lastDays(standingDay(asOf), 90);
  const all = useMetric("receivables");
  const total = all.data?.value;
  return (
    <Page title="Receivables">
      <div className="head">
        <FilterBar fields={FIELDS} />
        <span className="end row hide-sm">
          <button type="button" className="btn g" onClick={copyLink}>
            <Icon name="link" />
            Copy link
          </button>
        </span>
      </div>
      <div className="stack">
        <section className="panel" aria-label="Key numbers">
          <div className="keys">
            <KeyNumber slug="receivables" label="Receivables" rise="neither" evidence={(result) => <Invoices result={result} slug="receivables" />} />
            <KeyNumber slug="overdue" label="Overdue" rise="bad" evidence={(result) => `${percent(ratio(result.value ?? "0", total), 0)} of the receivables`} />
            <KeyNumber slug="overdue-count" label="Overdue invoices" rise="bad" evidence={(result) => <Invoices result={result} slug="overdue-count" />} />
            <KeyNumber
              slug="invoiced"
              label="Invoiced, 90 days"
              period={{ from: days.from, to: days.to }}
              evidence={(result) => <Invoices result={result} slug="invoiced" />}
            />
          </div>
          <div className="evid">
            <DataAsOf times={all.data?.data_as_of} />
            {all.data ? <span>Amounts in {all.data.currency}, each converted at the rate of its invoice’s day</span> : null}
            <span className="end">
              <Icon name="link" size={12} />
              Every number opens its invoices
            </span>
          </div>
        </section>
        <div className="g12">
          <AgeingPanel />
          <OldestPanel />
        </div>
        <AccountPanel />
      </div>
    </Page>
  );
}
