import { Link } from "@tanstack/react-router";
import type { Drill } from "@/lib/drill";
import { share } from "@/lib/format";

export interface Column {
  key: string;
  /** Below the column, `Nov`. */
  label: string;
  /** The label on a phone; its first letter by itself. */
  short?: string;
  /** Under the label, muted. */
  note: string;
  /** The height, a decimal string. */
  value: string | null;
  /** Read out and shown on hover: the whole truth of the column. */
  description: string;
  drill: Drill | null;
  current?: boolean;
  /** Expected before today and still open: drawn hatched. */
  overdue?: boolean;
}

/** A round upper end and two steps under it. Geometry only. */
function niceScale(largest: number): { top: number; steps: number[] } {
  if (!(largest > 0)) return { top: 1, steps: [0] };
  const power = 10 ** Math.floor(Math.log10(largest / 2));
  const step = [1, 2, 2.5, 5, 10].map((n) => n * power).find((n) => n * 3 > largest) ?? power * 10;
  const steps = [0, step, step * 2, step * 3].filter((n) => n <= largest);
  return { top: largest * 1.04, steps };
}

/** Columns over time. Each is a link to its rows, reached by Tab and read out with its figures. */
export function ColumnChart({
  columns,
  height = 168,
  axis,
}: {
  columns: Column[];
  height?: number;
  /** Words for a gridline, `€500k`. */
  axis: (value: string) => string;
}) {
  const largest = columns.reduce((most, column) => Math.max(most, Number(column.value ?? 0)), 0);
  const { top, steps } = niceScale(largest);
  return (
    <div className="chart">
      <div className="chart-grid" style={{ height }} aria-hidden="true">
        {steps.map((step) => (
          <div key={step} className="gridline" style={{ bottom: `${(step / top) * 100}%` }}>
            <b>{axis(String(step))}</b>
          </div>
        ))}
      </div>
      <div className="cols" style={{ height }}>
        {columns.map((column) => {
          const bar = (
            <span className="stk">
              <i className={column.overdue ? "hatch" : "f1"} style={{ height: `${share(column.value, String(top)) * height}px` }} />
            </span>
          );
          return column.drill ? (
            <Link
              key={column.key}
              className="col"
              to="/records/$type"
              params={{ type: column.drill.type }}
              search={column.drill.search}
              title={column.description}
              aria-label={column.description}
            >
              {bar}
            </Link>
          ) : (
            <span key={column.key} className="col" title={column.description} role="img" aria-label={column.description}>
              {bar}
            </span>
          );
        })}
      </div>
      <div className="xlab" aria-hidden="true">
        {columns.map((column) => (
          <span key={column.key} className="xs">
            <b className={`m ${column.current ? "pri" : ""}`}>
              {column.short === undefined ? (
                <>
                  {column.label.slice(0, 1)}
                  <span className="hide-sm">{column.label.slice(1)}</span>
                </>
              ) : (
                <>
                  <span className="hide-sm">{column.label}</span>
                  <span className="only-sm">{column.short}</span>
                </>
              )}
            </b>
            <br />
            <span className="mut">{column.note}</span>
          </span>
        ))}
      </div>
    </div>
  );
}
