import { useQuery } from "@tanstack/react-query";
import { meQuery } from "@/api/auth";
import { jobsQuery, useJobs } from "@/api/jobs";
import type { StartedJob } from "@/api/types";
import { Panel } from "@/components/panel";
import { Empty, Failure, Loaded, SkeletonRows } from "@/components/states";
import { useToast } from "@/components/toast";
import { ago, percent, utc } from "@/lib/format";
import { words } from "@/lib/nouns";

const TONES: Record<StartedJob["state"], string> = { queued: "", running: "pri", done: "ok", failed: "bad", cancelled: "" };
const SHOWN = 8;

function Row({ job, may }: { job: StartedJob; may: boolean }) {
  const change = useJobs();
  const active = job.state === "queued" || job.state === "running";
  const again = job.state === "failed" || job.state === "cancelled";
  const verb = active ? "cancel" : "retry";
  return (
    <li>
      <div className="grow stack plain" style={{ gap: 4, minWidth: 0 }}>
        <div className="row w">
          <b className="m">{words(job.kind)}</b>
          <span className={`tag ${TONES[job.state]}`}>{words(job.state)}</span>
          <span className="mut xs" title={utc(job.created_at)}>
            {ago(job.created_at)}
          </span>
        </div>
        {active ? (
          <progress max={1} value={job.progress} aria-label={`${words(job.kind)}: ${percent(String(job.progress))}`} />
        ) : null}
        {job.detail ? <span className="mut xs wrap">{job.detail}</span> : null}
        {job.error ? <span className="bad xs wrap">{job.error}</span> : null}
        {change.error ? <Failure error={change.error} /> : null}
      </div>
      {may && (active || again) ? (
        <button type="button" className="btn" disabled={change.isPending} onClick={() => change.mutate({ verb, job })}>
          {active ? "Cancel" : "Start again"}
        </button>
      ) : null}
    </li>
  );
}

/** What was started and takes long: how far it is, how it ended, and stopping it or starting it again. */
export function StartedJobsPanel() {
  const query = useQuery(jobsQuery);
  const { data: me } = useQuery(meQuery);
  const start = useJobs();
  const toast = useToast();
  const may = me?.role === "admin";
  const backup = () => start.mutate({ verb: "backup" }, { onSuccess: () => toast("A backup has begun. Numbers stand still while it is made.") });
  return (
    <Panel
      title="Started jobs"
      actions={
        may ? (
          <button type="button" className="btn" disabled={start.isPending} onClick={backup}>
            Back up now
          </button>
        ) : null
      }
      evidence={
        <span>
          A rebuild is started with <span className="mono">salescommand lake rebuild</span>
        </span>
      }
    >
      {start.error ? <Failure error={start.error} /> : null}
      <Loaded query={query} skeleton={<SkeletonRows rows={3} widths={[112, 0, 72]} />}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="Nothing was started yet">Rebuilds and backups show here how far they are.</Empty>
          ) : (
            <ul className="list ruled">
              {items.slice(0, SHOWN).map((job) => (
                <Row key={job.id} job={job} may={may} />
              ))}
            </ul>
          )
        }
      </Loaded>
    </Panel>
  );
}
