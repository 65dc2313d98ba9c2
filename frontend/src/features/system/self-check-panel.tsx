import { Link } from "@tanstack/react-router";
import type { SourceItem, StartedJob, System } from "@/api/types";
import { Icon } from "@/components/icon";
import { Panel } from "@/components/panel";
import { findings } from "./self-check";

interface Props {
  system: System;
  /** Undefined while nobody could say. */
  sources: readonly SourceItem[] | undefined;
  jobs: readonly StartedJob[];
}

/** What is wrong and what to do, in words. */
export function SelfCheckPanel({ system, sources, jobs }: Props) {
  const found = findings(system, sources ?? [], jobs);
  return (
    <Panel title="Self-check" aside={found.length === 0 ? "" : "the worst first"}>
      {found.length === 0 && sources === undefined ? (
        <div className="pb mut">The books are being asked for.</div>
      ) : found.length === 0 ? (
        <div className="pb row ok">
          <Icon name="check" size={14} />
          <span>All is well: stores answer, books balance, the schema is in step, every source keeps its rhythm.</span>
        </div>
      ) : (
        <ul className="list ruled">
          {found.map(({ what, remedy, to }) => (
            <li key={what}>
              <span className="warn">
                <Icon name="warning" size={14} />
              </span>
              <span className="grow wrap">
                <b className="m">{what}.</b> <span className="mut">{remedy}</span> {to ? <Link to={to}>Open</Link> : null}
              </span>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
