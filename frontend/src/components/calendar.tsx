import { useState } from "react";
import { Icon } from "@/components/icon";
import { dayLong } from "@/lib/format";
import { monthGrid } from "@/lib/periods";

const WEEKDAYS = ["M", "T", "W", "T", "F", "S", "S"];

/** A month of days; none after `last` can be picked. */
export function Calendar({ chosen, last, onPick }: { chosen: string | undefined; last: string; onPick: (day: string) => void }) {
  const start = chosen ?? last;
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
              disabled={date > last}
              aria-pressed={date === chosen}
              aria-label={dayLong(date)}
              className={date === last ? "today" : ""}
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
