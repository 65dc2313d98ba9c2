import { useState } from "react";
import { day, dayLong } from "@/lib/format";
import { Calendar } from "./calendar";
import { Icon } from "./icon";
import { Popover } from "./popover";

/** A button with a day that opens a calendar. `quick` are days by their names. */
export function DayPicker({
  label,
  value,
  last,
  quick = [],
  empty = "Pick a day",
  onPick,
}: {
  label: string;
  value: string | undefined;
  /** The last day that can be picked. */
  last: string;
  quick?: [string, string | undefined][];
  /** What the button says without a day. */
  empty?: string;
  onPick: (day: string | undefined) => void;
}) {
  const [open, setOpen] = useState(false);
  const pick = (next: string | undefined) => {
    onPick(next);
    setOpen(false);
  };
  return (
    <Popover
      label={label}
      align="end"
      className="pop as-of"
      open={open}
      onOpenChange={setOpen}
      trigger={
        <button type="button" className="btn" aria-label={`${label}: ${value ? dayLong(value) : empty}`}>
          <Icon name="calendar" />
          {value ? day(value) : empty}
        </button>
      }
    >
      {quick.length > 0 ? (
        <div className="row w gap4">
          {quick.map(([name, date]) => (
            <button key={name} type="button" className="chip" aria-pressed={date === value} onClick={() => pick(date)}>
              {name}
            </button>
          ))}
        </div>
      ) : null}
      <Calendar chosen={value} last={last} onPick={pick} />
      <p className="xs mut">The end of that day, in UTC.</p>
    </Popover>
  );
}
