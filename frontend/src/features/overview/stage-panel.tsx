import { Link } from "@tanstack/react-router";
import { useMetric } from "@/api/metrics";
import { DrillLink } from "@/components/drill-link";
import { Panel } from "@/components/panel";
import { stagesOf } from "@/components/stage-order";
import { Empty, Loaded, SkeletonRows } from "@/components/states";
import { drillTo } from "@/lib/drill";
import { compareDecimal, count, money, percent, plural, share } from "@/lib/format";
import { filterParameters } from "@/lib/search";
import { usePageSearch } from "@/lib/page-search";

/** Open deals by stage, longest bar the largest stage; each row opens its deals. */
export function StagePanel() {
  const open = useMetric("open-pipeline", { by: ["stage"] });
  const weighted = useMetric("weighted-pipeline", { by: ["stage"] });
  const search = usePageSearch();
  const unpriced = open.data?.unpriced ?? 0;
  return (
    <Panel
      title="Pipeline by stage"
      evidence={
        <>
          <span>
            {unpriced > 0
              ? `${plural(unpriced, "open deal has", "open deals have")} no price: counted as deals, left out of the sums`
              : "Every open deal has a price"}
          </span>
          <span className="end">
            <Link className="link" to="/pipeline" search={filterParameters(search)}>
              Stage by owner
            </Link>
          </span>
        </>
      }
    >
      <Loaded query={open} skeleton={<SkeletonRows rows={6} widths={[88, 0, 72, 32]} />}>
        {(data) => {
          const stages = stagesOf(data, weighted.data);
          const drill = drillTo(data.drill, "open-pipeline");
          if (stages.length === 0) {
            return (
              <Empty icon="pipeline" title="No open deals">
                A deal shows up here as soon as a source sends one that is neither won nor lost.
              </Empty>
            );
          }
          const largest = stages.reduce(
            (most, stage) => (stage.value && compareDecimal(stage.value, most) > 0 ? stage.value : most),
            "0",
          );
          return (
            <div className="scroll" role="region" aria-label="Pipeline by stage, table" tabIndex={0}>
              <table className="t">
                <thead>
                  <tr>
                    <th>Stage</th>
                    <th>
                      <span className="vh">Share of the largest stage</span>
                    </th>
                    <th className="r">Value</th>
                    <th className="r">Deals</th>
                    <th className="r hide-sm" title="Weighted ÷ value">
                      Odds
                    </th>
                    <th className="r hide-sm">Weighted</th>
                  </tr>
                </thead>
                <tbody>
                  {stages.map((stage) => {
                    const rows = drillTo(stage.drill, "open-pipeline");
                    return (
                      <tr key={stage.name ?? ""}>
                        <th scope="row" className="m stage-name" title={stage.name ?? ""}>
                          {stage.name ?? <span className="mut">No stage</span>}
                        </th>
                        <td style={{ width: "34%" }}>
                          <DrillLink drill={rows} className="bar-link" label={`${stage.name ?? "No stage"}: ${money(stage.value, data.currency)}`}>
                            <span className="bar bare">
                              <i className="f1" style={{ width: `${share(stage.value, largest) * 100}%`, borderRadius: 2 }} />
                            </span>
                          </DrillLink>
                        </td>
                        <td className="r">
                          <DrillLink drill={rows}>{money(stage.value, data.currency)}</DrillLink>
                        </td>
                        <td className="r">
                          <DrillLink drill={rows}>{count(stage.rows)}</DrillLink>
                        </td>
                        <td className="r mut hide-sm">{percent(stage.odds, 0)}</td>
                        <td className="r hide-sm">{money(stage.weighted, data.currency)}</td>
                      </tr>
                    );
                  })}
                </tbody>
                <tfoot>
                  <tr>
                    <th scope="row">Open pipeline</th>
                    <td />
                    <td className="r">
                      <DrillLink drill={drill}>{money(data.value, data.currency)}</DrillLink>
                    </td>
                    <td className="r">
                      <DrillLink drill={drill}>{count(data.rows)}</DrillLink>
                    </td>
                    <td className="hide-sm" />
                    <td className="r hide-sm">{money(weighted.data?.value, data.currency)}</td>
                  </tr>
                </tfoot>
              </table>
            </div>
          );
        }}
      </Loaded>
    </Panel>
  );
}
