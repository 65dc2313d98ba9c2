import { Calendar } from "@/components/calendar";
import { Icon } from "@/components/icon";
import { Popover } from "@/components/popover";
import { useSetStanding, useStanding } from "@/lib/as-of";
import { day, dayLong } from "@/lib/format";
import { lastMonday, lastQuarterEnd, standingDay } from "@/lib/periods";

/** Sets the day for the whole page. `liveLabel` is what the button says when the page is live. */
export function AsOfPicker({
  liveLabel,
  open,
  onOpenChange,
}: {
  liveLabel: string;
  open: boolean;
  onOpenChange: (open: boolean) => void;
}) {
  const { asOf } = useStanding();
  const set = useSetStanding();
  const today = standingDay(undefined);
  const pick = (next: string | undefined) => {
    set(next);
    onOpenChange(false);
  };
  const quick: [string, string | undefined][] = [
    ["Live", undefined],
    ["Last Monday", lastMonday(today)],
    ["End of last quarter", lastQuarterEnd(today)],
  ];
  return (
    <Popover
      label="As-of day"
      align="end"
      className="pop as-of"
      open={open}
      onOpenChange={onOpenChange}
      trigger={
        <button type="button" className={`btn ${asOf ? "past" : ""}`} aria-label={asOf ? `As of ${dayLong(asOf)}` : `As of: ${liveLabel}`}>
          <Icon name="clock" />
          <span>{asOf ? `As of ${day(asOf)}` : liveLabel}</span>
          <Icon name="down" size={12} />
        </button>
      }
    >
      <strong className="m">See every number as of</strong>
      <div className="row w gap4">
        {quick.map(([label, value]) => (
          <button key={label} type="button" className="chip" aria-pressed={value === asOf} onClick={() => pick(value)}>
            {label}
          </button>
        ))}
      </div>
      <Calendar chosen={asOf} last={today} onPick={pick} />
      <p className="xs mut">The end of that day. Esc comes back to now.</p>
    </Popover>
  );
}

/** The violet bar: the page stands in the past. */
export function PastBanner() {
  const { asOf, asKnownThen } = useStanding();
  const set = useSetStanding();
  if (!asOf) return null;
  return (
    <div className="past-bar" role="status">
      <Icon name="clock" />
      <span className="grow">
        <b className="b">As of {dayLong(asOf)}, end of day.</b> Records and exchange rates as they stood then.
      </span>
      <span className="seg" role="group" aria-label="Knowledge">
        <button type="button" aria-pressed={!asKnownThen} onClick={() => set(asOf, false)}>
          With later corrections
        </button>
        <button type="button" aria-pressed={asKnownThen} onClick={() => set(asOf, true)}>
          As known then
        </button>
      </span>
      <button type="button" className="btn past" onClick={() => set(undefined)}>
        Back to live <kbd className="hide-sm">Esc</kbd>
      </button>
    </div>
  );
}
