import { useState } from "react";
import { Icon } from "@/components/icon";
import { Popover } from "@/components/popover";
import { useSetStanding, useStanding } from "@/lib/as-of";
import { day, dayLong } from "@/lib/format";
import { lastMonday, lastQuarterEnd, monthGrid, standingDay } from "@/lib/periods";

const WEEKDAYS = ["M", "T", "W", "T", "F", "S", "S"];

function Calendar({ chosen, today, onPick }: { chosen: string | undefined; today: string; onPick: (day: string) => void }) {
  const start = chosen ?? today;
  const [shown, setShown] = useState({ year: Number(start.slice(0, 4)), month: Number(start.slice(5, 7)) - 1 });
  const move = (by: number) =>
    setShown(({ year, month }) => {
      const date = new Date(year, month + by, 1);
      return { year: date.getFullYear(), month: date.getMonth() };
    });
  const title = new Intl.DateTimeFormat("en-GB", { month: "long", year: "numeric" }).format(
    new Date(shown.year, shown.month, 1),
  );
  return (
    <>
      <div className="row">
        <button type="button" className="btn g i" aria-label="Previous month" onClick={() => move(-1)}>
          <Icon name="left" />
        </button>
        <span className="m grow c" aria-live="polite">
          {title}
        </span>
        <button type="button" className="btn g i" aria-label="Next month" onClick={() => move(1)}>
          <Icon name="right" />
        </button>
      </div>
      <div className="cal num">
        {WEEKDAYS.map((name, index) => (
          <span key={index} className="mut" aria-hidden="true">
            {name}
          </span>
        ))}
        {monthGrid(shown.year, shown.month).map((date, index) =>
          date === null ? (
            <span key={`blank-${index}`} />
          ) : (
            <button
              key={date}
              type="button"
              disabled={date > today}
              aria-pressed={date === chosen}
              aria-label={dayLong(date)}
              className={date === today ? "today" : ""}
              onClick={() => onPick(date)}
            >
              {Number(date.slice(8))}
            </button>
          ),
        )}
      </div>
    </>
  );
}

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
      <Calendar chosen={asOf} today={today} onPick={pick} />
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
