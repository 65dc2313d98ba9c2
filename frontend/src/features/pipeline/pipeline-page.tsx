import { Link } from "@tanstack/react-router";
import { useMetric } from "@/api/metrics";
import { Definition } from "@/components/definition";
import { FilterBar, useSetSearch, type FilterField } from "@/components/filter-bar";
import { Panel } from "@/components/panel";
import { Segments } from "@/components/segments";
import { Page } from "@/components/shell/page";
import { stagesOf } from "@/components/stage-order";
import { Empty, Failure, SkeletonRows } from "@/components/states";
import { money, plural } from "@/lib/format";
import { usePageSearch } from "@/lib/page-search";
import { filterParameters } from "@/lib/search";
import { ClosingPanel } from "./closing-panel";
import { LookPanel } from "./look-panel";
import { DIMENSIONS, matrixOf, type Dimension } from "./matrix";
import { MatrixTable, type Show } from "./matrix-table";

const FIELDS: FilterField[] = [
  { field: "stage", label: "Stage", kind: "facet" },
  { field: "team", label: "Team", kind: "facet" },
  { field: "owner", label: "Owner", kind: "facet" },
  { field: "source", label: "Source", kind: "facet" },
  { field: "pipeline", label: "Pipeline", kind: "facet" },
  { field: "product", label: "Product", kind: "facet" },
];

const MEASURES = [
  { key: "value", label: "Value" },
  { key: "deals", label: "Deals" },
  { key: "weighted", label: "Weighted" },
] as const;

export type Measure = (typeof MEASURES)[number]["key"];

function StageMatrix({ dimension, measure }: { dimension: Dimension; measure: Measure }) {
  const slug = measure === "weighted" ? "weighted-pipeline" : "open-pipeline";
  const search = usePageSearch();
  const show: Show = measure === "deals" ? "deals" : "value";
  const rows = useMetric(slug, { by: ["stage"] });
  const columns = useMetric(slug, { by: [dimension] });
  const cells = useMetric(slug, { by: ["stage", dimension] });
  const open = useMetric("open-pipeline", { by: ["stage"] });
  const weighted = useMetric("weighted-pipeline", { by: ["stage"] });
  const all = [rows, columns, cells];
  const failed = all.find((query) => query.error);
  const retry = () => all.forEach((query) => void query.refetch());
  const label = DIMENSIONS.find((one) => one.key === dimension)?.label ?? "";
  const ready = rows.data && columns.data && cells.data && open.data;
  // The order of stages is that of their odds, whichever measure is shown.
  const order = open.data ? stagesOf(open.data, weighted.data) : [];
  const valueOf = new Map(rows.data?.groups.map((group) => [group.key.stage ?? null, group]));
  const stages = order.map((stage) => ({
    ...stage,
    value: valueOf.get(stage.name)?.value ?? null,
    rows: valueOf.get(stage.name)?.rows ?? 0,
    drill: valueOf.get(stage.name)?.drill ?? stage.drill,
  }));
  return (
    <Panel
      title={
        <span className="row gap4">
          Stage by {label.toLowerCase()}
          <Definition slug={slug} result={rows.data} label="Stage matrix" />
        </span>
      }
      aside={rows.data ? <span className="num">{money(rows.data.value, rows.data.currency)}</span> : null}
      evidence={
        rows.data ? (
          <>
            <span>
              {plural(rows.data.rows, "open deal")}
              {rows.data.unpriced > 0 ? `, ${rows.data.unpriced} without a price` : ", all with a price"}
            </span>
            <span>Odds are weighted ÷ value, as the sources give them</span>
            <span>Click a cell to see its deals</span>
            <span className="end">
              <Link className="link" to="/bridge" search={filterParameters(search)}>
                How it came to this
              </Link>
            </span>
          </>
        ) : null
      }
    >
      {failed ? <Failure error={failed.error} onRetry={retry} keptAt={ready ? rows.dataUpdatedAt : undefined} /> : null}
      {ready ? (
        stages.length === 0 ? (
          <Empty icon="pipeline" title="No open deals here">
            No open deal matches. Remove a filter, or look at won and lost deals under Opportunities.
          </Empty>
        ) : (
          <MatrixTable
            dimension={dimension}
            show={show}
            stages={stages}
            matrix={matrixOf(dimension, cells.data, columns.data)}
            total={rows.data}
          />
        )
      ) : failed ? null : (
        <SkeletonRows rows={8} widths={[96, 64, 64, 64, 64, 0, 72]} />
      )}
    </Panel>
  );
}

export function PipelinePage({ dimension, measure }: { dimension: Dimension; measure: Measure }) {
  const set = useSetSearch();
  return (
    <Page title="Pipeline">
      <div className="head">
        <FilterBar fields={FIELDS} />
        <span className="end row w">
          <Segments
            label="Measure"
            options={MEASURES}
            value={measure}
            onPick={(key) => set((search) => ({ ...search, show: key === "value" ? undefined : key }))}
          />
          <Segments
            label="Columns"
            options={DIMENSIONS}
            value={dimension}
            onPick={(key) => set((search) => ({ ...search, by: key === "owner" ? undefined : key }))}
          />
        </span>
      </div>
      <div className="stack">
        <StageMatrix dimension={dimension} measure={measure} />
        <div className="g12">
          <ClosingPanel />
          <LookPanel />
        </div>
      </div>
    </Page>
  );
}
