import { Icon } from "./icon";

/** Between a chart and the table with the same numbers. */
export function TableToggle({ table, onChange }: { table: boolean; onChange: (table: boolean) => void }) {
  return (
    <button
      type="button"
      className="btn g i"
      aria-label={table ? "Show as chart" : "Show as table"}
      aria-pressed={table}
      onClick={() => onChange(!table)}
    >
      <Icon name="table" />
    </button>
  );
}
