import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useIgnore, useReplay, useUndo } from "@/api/quarantine";
import type { QuarantineGroup } from "@/api/types";
import { useSetSearch } from "@/components/filter-bar";
import { Icon } from "@/components/icon";
import { SourceBadge, sourceName } from "@/components/source";
import { Failure } from "@/components/states";
import { useToast } from "@/components/toast";
import { count, moment, plural, utc } from "@/lib/format";
import { words } from "@/lib/nouns";
import { choose, filtersOfGroup } from "./group";
import { ReasonDialog } from "./reason-dialog";

/** One reason: what was refused, and what can be done about all of it at once. */
export function GroupPanel({ group, may }: { group: QuarantineGroup; may: boolean }) {
  const ignore = useIgnore();
  const replay = useReplay();
  const undo = useUndo();
  const toast = useToast();
  const set = useSetSearch();
  const [asking, setAsking] = useState(false);
  const filters = filtersOfGroup(group);
  const entries = plural(group.count, "entry", "entries");
  const field = group.field ? words(group.field).toLowerCase() : "";
  return (
    <section className="panel" aria-label={group.reason}>
      <div className="ph w">
        <div className="grow" style={{ minWidth: 220 }}>
          <div className="row w">
            <SourceBadge source={group.source} />
            <h2 className="grow-none">{group.reason}</h2>
            <span className="tag warn">{entries}</span>
          </div>
          <p className="mut breaks" style={{ paddingTop: 4 }}>
            {field
              ? `${sourceName(group.source)} sends a ${field} of ${group.record_type} that no rule can read; the other fields of these events went on.`
              : `These events of ${sourceName(group.source)} were set aside whole.`}
            {group.samples.length > 0 ? " Such as " : ""}
            {group.samples.slice(0, 3).map((sample, index) => (
              <span key={sample}>
                {index > 0 ? ", " : ""}
                <b className="mono fg m">{sample === "" ? "nothing" : sample.slice(0, 60)}</b>
              </span>
            ))}
            {group.samples.length > 0 ? "." : ""}
          </p>
        </div>
        {may ? (
          <div className="row w">
            <Link className="btn g" to="/mappings">
              Mappings
            </Link>
            <button type="button" className="btn" onClick={() => setAsking(true)}>
              Ignore
            </button>
            <button
              type="button"
              className="btn p"
              disabled={replay.isPending}
              onClick={() =>
                replay.mutate(
                  { filters, reason: "" },
                  { onSuccess: () => toast(`${entries} are being read again; what can be read leaves the queue.`) },
                )
              }
            >
              <Icon name="retry" />
              Read {count(group.count)} again
            </button>
          </div>
        ) : null}
      </div>
      {replay.error ? <Failure error={replay.error} /> : null}
      {undo.error ? <Failure error={undo.error} /> : null}
      <div className="evid">
        <span>
          To cure the reason, change the mapping and apply it with <code className="mono">salescommand mapping apply FILE</code>: its events are
          read again by themselves.
        </span>
        <span className="end" title={`${utc(group.first_at)} to ${utc(group.last_at)}`}>
          First {moment(group.first_at)}, last {moment(group.last_at)}
        </span>
      </div>
      {asking ? (
        <ReasonDialog
          title={`Ignore ${entries}`}
          explanation="They leave the queue and count as ignored in the books. The events stay, and it can be taken back at any time."
          action="Ignore"
          pending={ignore.isPending}
          error={ignore.error}
          onClose={() => {
            ignore.reset();
            setAsking(false);
          }}
          onSubmit={(reason) =>
            ignore.mutate(
              { filters, reason },
              {
                onSuccess: (made) => {
                  setAsking(false);
                  set((current) => choose(current, null));
                  toast(`${entries} ignored.`, { label: "Undo", run: () => undo.mutate(made.id) });
                },
              },
            )
          }
        />
      ) : null}
    </section>
  );
}
