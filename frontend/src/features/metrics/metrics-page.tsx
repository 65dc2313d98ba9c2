import { useQuery } from "@tanstack/react-query";
import { Link, useLocation } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { metricsQuery, useMetric } from "@/api/metrics";
import { useOpenRows } from "@/api/use-open-rows";
import type { MetricDefinition } from "@/api/types";
import { CsvButton } from "@/components/csv-button";
import { DataAsOf } from "@/components/data-as-of";
import { metricValue } from "@/components/definition";
import { DrillLink } from "@/components/drill-link";
import { useSetSearch } from "@/components/filter-bar";
import { Icon } from "@/components/icon";
import { Panel } from "@/components/panel";
import { Page } from "@/components/shell/page";
import { Empty, Loaded, SkeletonRows } from "@/components/states";
import { useToast } from "@/components/toast";
import { drillTo } from "@/lib/drill";
import { plural } from "@/lib/format";
import { useHotkeys } from "@/lib/hotkeys";
import { pageOf } from "@/lib/metric-pages";
import { isRecordType, NOUNS, words } from "@/lib/nouns";

const UNITS: Record<string, string> = {
  currency: "money, in the reporting currency",
  count: "a count",
  fraction: "a share, 0 to 100%",
  days: "days",
  ratio: "times",
};

function sectionOf(metric: MetricDefinition): string {
  if (metric.parts.length > 0) return "Made of other metrics";
  if (metric.record_type === "stage_visit") return "Stages";
  return isRecordType(metric.record_type) ? NOUNS[metric.record_type].title : words(metric.record_type);
}

function matches(metric: MetricDefinition, q: string): boolean {
  const text = [metric.label, metric.slug, metric.meaning, metric.formula, metric.owner, ...metric.dimensions].join(" ").toLowerCase();
  return q
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

/** The metric's value at the page's moment: asked only of the one that was linked to. */
function Value({ metric }: { metric: MetricDefinition }) {
  const { data } = useMetric(metric.slug);
  if (!data) return null;
  return (
    <>
      <dt>Value</dt>
      <dd>
        <DrillLink drill={drillTo(data.drill, metric.slug)}>{metricValue(data)}</DrillLink>{" "}
        <span className="mut num">from {plural(data.rows, "row")}</span>{" "}
        <span className="mut">
          <DataAsOf times={data.data_as_of} />
        </span>
      </dd>
    </>
  );
}

function Entry({ metric, here }: { metric: MetricDefinition; here: boolean }) {
  const openRows = useOpenRows(useToast());
  const ref = useRef<HTMLElement>(null);
  useEffect(() => {
    if (here) ref.current?.scrollIntoView({ block: "start" });
  }, [here]);
  const page = pageOf(metric.slug);
  return (
    <article className={`gloss ${here ? "on" : ""}`} id={metric.slug} ref={ref} aria-labelledby={`${metric.slug}-name`}>
      <div>
        <div className="row gap4">
          <h3 id={`${metric.slug}-name`}>{metric.label}</h3>
          <Link className="anchor" to="/glossary" hash={metric.slug} search={(search: Record<string, unknown>) => search} aria-label={`Link to ${metric.label}`}>
            <Icon name="link" size={14} />
          </Link>
        </div>
        <p>{metric.meaning}</p>
        <p className="mono mut xs">{metric.slug}</p>
      </div>
      <dl className="kv xs">
        <dt>Formula</dt>
        <dd>{metric.formula}</dd>
        {here ? <Value metric={metric} /> : null}
        {metric.parts.length > 0 ? (
          <>
            <dt>Made of</dt>
            <dd className="row w gap4">
              {metric.parts.map((part) => (
                <Link key={part} className="link" to="/glossary" hash={part}>
                  {part}
                </Link>
              ))}
            </dd>
          </>
        ) : null}
        <dt>Unit</dt>
        <dd>{UNITS[metric.unit] ?? metric.unit}</dd>
        <dt>One row is</dt>
        <dd>
          a {metric.grain}.{" "}
          <button type="button" className="link" aria-label={`Open the rows of ${metric.label}`} onClick={() => openRows(metric.slug)}>
            Open its rows
          </button>
        </dd>
        {metric.date_field ? (
          <>
            <dt>Dates mean</dt>
            <dd>{words(metric.date_field).toLowerCase()}</dd>
          </>
        ) : null}
        <dt>By</dt>
        <dd className="dims">{metric.dimensions.map((name) => words(name).toLowerCase()).join(", ")}</dd>
        <dt>Owner</dt>
        <dd>{metric.owner}</dd>
        {page ? (
          <>
            <dt>Shown on</dt>
            <dd>
              <Link className="link" to={page.to}>
                {page.label}
              </Link>
            </dd>
          </>
        ) : null}
      </dl>
    </article>
  );
}

function Find({ q, onChange }: { q: string; onChange: (q: string) => void }) {
  const input = useRef<HTMLInputElement>(null);
  useHotkeys({ "/": () => input.current?.focus() });
  return (
    <label className="field find">
      <Icon name="search" size={14} />
      <input ref={input} value={q} placeholder="Find a metric" aria-label="Find a metric" onChange={(event) => onChange(event.target.value)} />
      <kbd>/</kbd>
    </label>
  );
}

/** Every metric with its formula, unit, dimensions and rows. Definitions link here. */
export function MetricsPage({ q }: { q: string }) {
  const query = useQuery(metricsQuery);
  const set = useSetSearch();
  const { hash } = useLocation();
  const find = (text: string) => set((search) => ({ ...search, q: text || undefined }));
  const found = (query.data?.items ?? []).filter((metric) => matches(metric, q));
  const sections = [...new Set(found.map(sectionOf))];
  return (
    <Page title="Metrics">
      <div className="head">
        <Find q={q} onChange={find} />
        <span className="mut num">{query.data ? `${found.length} of ${query.data.items.length}` : ""}</span>
        <span className="end row hide-sm">
          <CsvButton
            name="metrics"
            what="Metrics"
            rows={() => [
              ["Metric", "Name", "Meaning", "Formula", "Unit", "One row is", "Dates mean", "Dimensions", "Owner"],
              ...found.map((metric) => [
                metric.slug,
                metric.label,
                metric.meaning,
                metric.formula,
                metric.unit,
                metric.grain,
                metric.date_field,
                metric.dimensions.join(" "),
                metric.owner,
              ]),
            ]}
          />
        </span>
      </div>
      <div className="stack">
        <Loaded
          query={query}
          skeleton={
            <section className="panel">
              <SkeletonRows rows={12} widths={[136, 0, 200]} />
            </section>
          }
        >
          {() =>
            found.length === 0 ? (
              <section className="panel">
                <Empty
                  icon="book"
                  title="No metric matches."
                  action={
                    <button type="button" className="btn" onClick={() => find("")}>
                      Show all
                    </button>
                  }
                >
                  Names, formulas, dimensions and owners are searched.
                </Empty>
              </section>
            ) : (
              sections.map((section) => (
                <Panel key={section} title={section}>
                  {found
                    .filter((metric) => sectionOf(metric) === section)
                    .map((metric) => (
                      <Entry key={metric.slug} metric={metric} here={hash === metric.slug} />
                    ))}
                </Panel>
              ))
            )
          }
        </Loaded>
      </div>
    </Page>
  );
}
