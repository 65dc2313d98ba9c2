import { CsvButton } from "@/components/csv-button";
import { useSetSearch } from "@/components/filter-bar";
import { Panel } from "@/components/panel";
import { Segments } from "@/components/segments";
import { sourceName } from "@/components/source";
import { Empty, Loaded, SkeletonRows } from "@/components/states";
import type { Bridge } from "@/api/types";
import { compareDecimal, money, moneyChange } from "@/lib/format";
import { StepLink } from "./step-link";
import { stepsOf, type Step } from "./steps";
import { useBridge, useSpan } from "./use-bridge";

const GROUPINGS = [
  { key: "team", label: "Team" },
  { key: "owner", label: "Owner" },
  { key: "stage", label: "Stage" },
  { key: "source", label: "Source" },
] as const;

export type Grouping = (typeof GROUPINGS)[number]["key"];

interface Group {
  /** Null for deals without a value; the API's empty text in a key. */
  name: string | null;
  steps: Map<string, Step>;
}

function groupsOf(bridge: Bridge, by: Grouping): Group[] {
  return bridge.groups
    .map((group) => ({ name: group.key[by] ?? null, steps: new Map(stepsOf(group).map((step) => [step.key, step])) }))
    .sort((a, b) => compareDecimal(b.steps.get("closing")?.value ?? "0", a.steps.get("closing")?.value ?? "0"));
}

/** The steps that some group has: columns of nothing are left out. */
function columnsOf(groups: Group[]): Step[] {
  const first = groups[0];
  if (!first) return [];
  return [...first.steps.values()].filter((step) => step.tone === "base" || groups.some((group) => (group.steps.get(step.key)?.rows ?? 0) > 0));
}

function nameOf(by: Grouping, name: string | null): string {
  if (name === null) return `No ${by}`;
  return by === "source" ? sourceName(name) : name;
}

/** The bridge of each team, owner, stage or source; each row adds up by itself. */
export function GroupsPanel({ by }: { by: Grouping }) {
  const query = useBridge([by]);
  const set = useSetSearch();
  const span = useSpan();
  const label = GROUPINGS.find((one) => one.key === by)?.label ?? by;
  return (
    <Panel
      title={`By ${label.toLowerCase()}`}
      actions={
        <>
          <Segments label="Group by" options={GROUPINGS} value={by} onPick={(key) => set((search) => ({ ...search, by: key === "team" ? undefined : key }))} />
          <CsvButton
            name={`bridge-by-${by}-${span.from}-${span.to}`}
            what={`Bridge by ${by}`}
            rows={() => {
              const groups = query.data ? groupsOf(query.data, by) : [];
              const columns = columnsOf(groups);
              return [
                [label, ...columns.map((step) => step.label)],
                ...groups.map((group) => [nameOf(by, group.name), ...columns.map((step) => group.steps.get(step.key)?.value)]),
              ];
            }}
          />
        </>
      }
      evidence={
        <>
          <span>Each row is opening plus its movements = closing. A deal that changed its {by} moved out of one row and into another</span>
        </>
      }
    >
      <Loaded query={query} skeleton={<SkeletonRows rows={6} widths={[96, 64, 64, 0, 72]} />}>
        {(data) => {
          const groups = groupsOf(data, by);
          const columns = columnsOf(groups);
          if (groups.length === 0) return <Empty icon="bridge" title="Nothing was open between these dates" />;
          return (
            <div className="scroll sticky1" role="region" aria-label={`Bridge by ${by}, table`} tabIndex={0}>
              <table className="t">
                <thead>
                  <tr>
                    <th>{data.currency}</th>
                    {columns.map((step) => (
                      <th key={step.key} className="r" title={step.meaning}>
                        {step.label}
                      </th>
                    ))}
                  </tr>
                </thead>
                <tbody>
                  {groups.map((group) => (
                    <tr key={group.name ?? ""}>
                      <th scope="row" className="m stage-name" title={nameOf(by, group.name)}>
                        {nameOf(by, group.name)}
                      </th>
                      {columns.map(({ key, tone }) => {
                        const step = group.steps.get(key);
                        return (
                          <td key={key} className={`r ${tone === "base" ? "m" : ""}`}>
                            {!step || step.rows === 0 ? (
                              <span className="zero">–</span>
                            ) : (
                              <StepLink step={step} group={{ by, key: group.name ?? "" }}>
                                {tone === "base" ? money(step.value, data.currency) : moneyChange(step.value, data.currency)}
                              </StepLink>
                            )}
                          </td>
                        );
                      })}
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          );
        }}
      </Loaded>
    </Panel>
  );
}
