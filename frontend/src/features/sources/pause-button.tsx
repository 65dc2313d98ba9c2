import { usePause } from "@/api/sources";
import { Icon } from "@/components/icon";
import { Failure } from "@/components/states";
import { useToast } from "@/components/toast";

/** Stops and starts taking a source's posts; either is taken back from its message. */
export function PauseButton({ source, name, paused }: { source: string; name: string; paused: boolean }) {
  const pause = usePause(source);
  const toast = useToast();
  const set = (to: boolean) =>
    pause.mutate(to, {
      onSuccess: () =>
        toast(to ? `${name} is paused. Senders are asked to come back later.` : `${name} is taken again.`, {
          label: "Undo",
          run: () => pause.mutate(!to),
        }),
    });
  return (
    <>
      <button type="button" className="btn" disabled={pause.isPending} onClick={() => set(!paused)}>
        <Icon name={paused ? "play" : "pause"} />
        {paused ? "Resume source" : "Pause source"}
      </button>
      {pause.error ? <Failure error={pause.error} /> : null}
    </>
  );
}

/** Why nothing comes, and what happens to it meanwhile. */
export function PausedNote({ name }: { name: string }) {
  return (
    <div className="note warn" role="status">
      <Icon name="pause" size={14} />
      <span>
        <b className="m">{name} is paused.</b> Its posts are answered with 503 and Retry-After, so that senders keep their events and post
        them later. Nothing that came before is lost.
      </span>
    </div>
  );
}
