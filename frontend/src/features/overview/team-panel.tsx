import { Link } from "@tanstack/react-router";
import { useMetric } from "@/api/metrics";
import { DrillLink } from "@/components/drill-link";
import { Panel } from "@/components/panel";
import { Empty, Loaded, SkeletonRows } from "@/components/states";
import { useStanding } from "@/lib/as-of";
import { drillTo } from "@/lib/drill";
import { compareDecimal, count, money, percent, share } from "@/lib/format";
import { quarterOf, standingDay } from "@/lib/periods";
import { usePageSearch } from "@/lib/page-search";
import { filterParameters } from "@/lib/search";

/** What each team won in the quarter, with the share of its closed deals that it won. */
export function TeamPanel() {
  const { asOf } = useStanding();
  const search = usePageSearch();
  const quarter = quarterOf(standingDay(asOf));
  const period = { from: quarter.from, to: quarter.to };
  const won = useMetric("won-value", { by: ["team"], ...period });
  const rate = useMetric("win-rate", { by: ["team"], ...period });
  const rates = new Map(rate.data?.groups.map((group) => [group.key.team ?? null, group]));
  return (
    <Panel
      title={`Won in ${quarter.label} by team`}
      evidence={
        <>
          <span>Win rate is won ÷ closed, by count, of deals closed in the quarter</span>
          <span className="end">
            <Link className="link" to="/team" search={filterParameters(search)}>
              Against the quota
            </Link>
          </span>
        </>
      }
    >
      <Loaded query={won} skeleton={<SkeletonRows rows={5} widths={[88, 0, 72, 32]} />}>
        {(data) => {
          const teams = [...data.groups].sort((a, b) => compareDecimal(b.value ?? "0", a.value ?? "0"));
          if (teams.length === 0) {
            return <Empty title="Nothing won in this quarter yet">Won deals show up here with their close date.</Empty>;
          }
          return (
            <div className="scroll" role="region" aria-label="Won by team, table" tabIndex={0}>
              <table className="t">
                <thead>
                  <tr>
                    <th>Team</th>
                    <th className="hide-sm">
                      <span className="vh">Share of the largest team</span>
                    </th>
                    <th className="r">Won</th>
                    <th className="r">Deals</th>
                    <th className="r">Win rate</th>
                  </tr>
                </thead>
                <tbody>
                  {teams.map((team) => {
                    const rows = drillTo(team.drill, "won-value");
                    const closed = rates.get(team.key.team ?? null);
                    return (
                      <tr key={team.key.team ?? ""}>
                        <th scope="row" className="m stage-name">
                          {team.key.team ?? <span className="mut">No team</span>}
                        </th>
                        <td className="hide-sm" style={{ width: "34%" }}>
                          <span className="bar bare">
                            <i className="f1" style={{ width: `${share(team.value, teams[0]?.value) * 100}%`, borderRadius: 2 }} />
                          </span>
                        </td>
                        <td className="r">
                          <DrillLink drill={rows}>{money(team.value, data.currency)}</DrillLink>
                        </td>
                        <td className="r">
                          <DrillLink drill={rows}>{count(team.rows)}</DrillLink>
                        </td>
                        <td className="r">
                          {closed ? (
                            <DrillLink drill={drillTo(closed.drill, "win-rate")}>{percent(closed.value, 0)}</DrillLink>
                          ) : (
                            "–"
                          )}
                        </td>
                      </tr>
                    );
                  })}
                </tbody>
              </table>
            </div>
          );
        }}
      </Loaded>
    </Panel>
  );
}
