import { useQuery } from "@tanstack/react-query";
import { jobsQuery } from "@/api/jobs";
import { sourcesQuery } from "@/api/sources";
import { systemQuery } from "@/api/system";
import type { System } from "@/api/types";
import { Icon } from "@/components/icon";
import { Panel } from "@/components/panel";
import { Page } from "@/components/shell/page";
import { Empty, Loaded, SkeletonRows } from "@/components/states";
import { ago, bytes, count, utc } from "@/lib/format";
import { words } from "@/lib/nouns";
import { BooksPanel } from "./books-panel";
import { SelfCheckPanel } from "./self-check-panel";
import { StartedJobsPanel } from "./started-jobs-panel";

function State({ ok, children }: { ok: boolean; children: string }) {
  return (
    <span className={`tag ${ok ? "ok" : "bad"}`}>
      <Icon name={ok ? "check" : "warning"} size={12} />
      {children}
    </span>
  );
}

/** The schema that is there against the one this build needs. */
function SchemaPanel({ system }: { system: System }) {
  const { have, need, differences } = system.schema;
  const inStep = have === need && differences.length === 0;
  return (
    <Panel
      title="Schema"
      actions={<State ok={inStep}>{inStep ? "In step" : "Not in step"}</State>}
      evidence={
        <span>
          {have === null ? "The lake could not be asked for its version" : `Have version ${have}, need version ${need}`}
        </span>
      }
    >
      {differences.length === 0 ? (
        <Empty title={inStep ? "Every table is as this build needs it" : "Versions differ, columns do not"} />
      ) : (
        <ul className="list ruled">
          {differences.map((difference) => (
            <li key={difference}>
              <span className="warn">
                <Icon name="warning" size={14} />
              </span>
              <span className="grow wrap">{difference}</span>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

function ZonesPanel({ system }: { system: System }) {
  const total = system.zones.reduce((sum, zone) => sum + zone.bytes, 0);
  return (
    <Panel
      title="Zones"
      evidence={
        system.zones.length > 0 ? (
          <>
            <span className="num">{bytes(total)} on disk</span>
            <span>A replaced row counts until it is merged away</span>
          </>
        ) : null
      }
    >
      {system.zones.length === 0 ? (
        <Empty title="The lake could not be asked">{system.lake.error ?? ""}</Empty>
      ) : (
        <div className="scroll" role="region" aria-label="Zones, table" tabIndex={0}>
          <table className="t tc">
            <thead>
              <tr>
                <th>Zone</th>
                <th>Table</th>
                <th className="r">Rows</th>
                <th className="r hide-sm">On disk</th>
              </tr>
            </thead>
            <tbody>
              {system.zones.map((zone, index) => (
                <tr key={zone.table}>
                  <td className="m">{system.zones[index - 1]?.zone === zone.zone ? null : words(zone.zone)}</td>
                  <th scope="row" className="table-name">
                    <span className="mono">{zone.table}</span>
                  </th>
                  <td className="r num">{count(zone.rows)}</td>
                  <td className="r num mut hide-sm">{bytes(zone.bytes)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  );
}

const HEALTHY = ["idle", "running", "starting"];

function JobsPanel({ system }: { system: System }) {
  return (
    <Panel title="Background work">
      {system.jobs.length === 0 ? (
        <Empty title="No job has reported yet">Loader and worker say here what they did last.</Empty>
      ) : (
        <div className="scroll" role="region" aria-label="Background work, table" tabIndex={0}>
          <table className="t tc">
            <thead>
              <tr>
                <th>Job</th>
                <th>State</th>
                <th className="r">Last run</th>
              </tr>
            </thead>
            <tbody>
              {system.jobs.map((job) => (
                <tr key={job.name}>
                  <th scope="row" className="m two">
                    {words(job.name)}
                    <small className="wrap">{job.detail}</small>
                  </th>
                  <td>
                    <span className={`row gap4 ${HEALTHY.includes(job.state) ? "" : "warn m"}`}>
                      <span className={`dot ${HEALTHY.includes(job.state) ? "fresh" : job.state === "waiting" ? "late" : "stale"}`} />
                      {words(job.state)}
                    </span>
                  </td>
                  <td className="r num" title={utc(job.last_run_at)}>
                    {ago(job.last_run_at)}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  );
}

function StoresPanel({ system }: { system: System }) {
  const rows: [string, string, boolean, string][] = [
    ["Lake", `ClickHouse, ${system.lake.driver}`, system.lake.state === "connected", system.lake.state],
    ...Object.entries(system.stores).map(
      ([name, state]): [string, string, boolean, string] => [words(name), name === "redis" ? "sessions, wake-ups" : "people, keys, mappings", state === "connected", state],
    ),
  ];
  return (
    <Panel title="Stores" evidence={<span>SalesCommand {system.version}</span>}>
      <div className="scroll" role="region" aria-label="Stores, table" tabIndex={0}>
        <table className="t tc">
          <tbody>
            {rows.map(([name, what, ok, state]) => (
              <tr key={name}>
                <th scope="row" className="m two">
                  {name}
                  <small>{what}</small>
                </th>
                <td className="r">
                  <State ok={ok}>{words(state)}</State>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {system.lake.error ? (
        <div className="pb">
          <div className="note bad">
            <Icon name="warning" size={14} />
            <span>{system.lake.error} Ingest goes on: events wait in the spool.</span>
          </div>
        </div>
      ) : null}
    </Panel>
  );
}

/** Versions per noun are not counted by the API; the stored rows of the canonical tables are. */
function canonicalParts(system: System): [string, number][] {
  return system.zones
    .filter((zone) => zone.zone === "canonical" && zone.table.endsWith("_changes"))
    .sort((a, b) => b.rows - a.rows)
    .slice(0, 4)
    .map((zone) => [`${zone.table.replace("_changes", "").replaceAll("_", " ")} changes`, zone.rows]);
}

/** Where every event is, and whether each part of the installation does its work. */
export function SystemPage() {
  const system = useQuery(systemQuery);
  const sources = useQuery(sourcesQuery);
  const jobs = useQuery(jobsQuery);
  const skeleton = (
    <section className="panel">
      <SkeletonRows rows={8} widths={[112, 0, 72, 72]} />
    </section>
  );
  return (
    <Page title="System">
      <div className="stack">
        <Loaded query={system} skeleton={skeleton}>
          {(data) => <SelfCheckPanel system={data} sources={sources.data?.items} jobs={jobs.data?.items ?? []} />}
        </Loaded>
        <Loaded query={sources} skeleton={skeleton}>
          {(data) => <BooksPanel sources={data.items} canonical={system.data ? canonicalParts(system.data) : []} />}
        </Loaded>
        <Loaded query={system} skeleton={skeleton}>
          {(data) => (
            <div className="g12">
              <div className="s7 stack" style={{ alignContent: "start" }}>
                <ZonesPanel system={data} />
                <StartedJobsPanel />
              </div>
              <div className="s5 stack" style={{ alignContent: "start" }}>
                <SchemaPanel system={data} />
                <JobsPanel system={data} />
                <StoresPanel system={data} />
              </div>
            </div>
          )}
        </Loaded>
      </div>
    </Page>
  );
}
