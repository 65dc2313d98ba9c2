import type { SourceItem, StartedJob, System } from "@/api/types";
import { missing } from "@/lib/books";
import { count, plural } from "@/lib/format";
import { words } from "@/lib/nouns";

interface Finding {
  /** What is wrong. */
  what: string;
  /** What to do about it. */
  remedy: string;
  to?: "/sources" | "/quarantine";
}

const STORES: Record<string, string> = {
  mongo: "Nobody can sign in anew or change anything. Start MongoDB; everything goes on by itself.",
  redis: "Sessions and started jobs are away. Start Redis; people may have to sign in again.",
};

/** Everything that is wrong, in words, the worst first; none when all is well. */
export function findings(system: System, sources: readonly SourceItem[], jobs: readonly StartedJob[]): Finding[] {
  const found: Finding[] = [];
  const lost = sources.filter((source) => missing(source) > 0);
  if (lost.length > 0) {
    found.push({
      what: `The books of ${lost.map((source) => source.label).join(", ")} do not balance`,
      remedy: "Change nothing by hand. See which sum it is below, and the runbook SalesCommandBooksDisagree.",
    });
  }
  if (system.lake.state !== "connected") {
    found.push({
      what: `The lake does not answer${system.lake.error ? `: ${system.lake.error}` : ""}`,
      remedy: "Numbers stand still; events are taken and wait in the spool. Start ClickHouse, and it goes on by itself.",
    });
  }
  for (const [name, state] of Object.entries(system.stores)) {
    if (state !== "connected") found.push({ what: `${words(name)} does not answer`, remedy: STORES[name] ?? "Start it." });
  }
  const { have, need, differences } = system.schema;
  if (have !== null && (have !== need || differences.length > 0)) {
    found.push({
      what: `The schema is not what this build needs: have ${have}, need ${need}`,
      remedy: "Let the operator apply its plan, or start one backend with SALESCOMMAND_SCHEMA=ensure.",
    });
  }
  for (const job of system.jobs) {
    if (job.state === "failed") {
      found.push({ what: `${words(job.name)} cannot go on: ${job.detail}`, remedy: "It goes on by itself once the cause is gone." });
    }
  }
  for (const job of jobs) {
    if (job.state === "failed") {
      found.push({ what: `${words(job.kind)} failed: ${job.error ?? job.detail}`, remedy: "Start it again below once the cause is gone." });
    }
  }
  const refused = sources.filter((source) => source.refused > 0);
  if (refused.length > 0) {
    found.push({
      what: `The lake refused ${plural(refused.reduce((sum, source) => sum + source.refused, 0), "event")} of ${refused.map((source) => source.label).join(", ")}`,
      remedy: "They are kept. Try them again once the cause is gone.",
      to: "/sources",
    });
  }
  // One that never sent anything has no rhythm to fall out of, nor has what `salescommand check` posts now and then.
  const quiet = sources.filter(
    ({ source, state, last_event_at }) => source !== "selfcheck" && last_event_at !== null && (state === "stale" || state === "silent"),
  );
  if (quiet.length > 0) {
    found.push({
      what: `${quiet.map((source) => source.label).join(", ")} sent nothing for much longer than usual`,
      remedy: "Look at the last requests: is the webhook on, is the key still valid?",
      to: "/sources",
    });
  }
  const held = sources.reduce((sum, source) => sum + source.quarantined, 0);
  if (held > 0) {
    found.push({ what: `${count(held)} events could not be read`, remedy: "Correct the mapping or the copy, or ignore them with a reason.", to: "/quarantine" });
  }
  return found;
}
