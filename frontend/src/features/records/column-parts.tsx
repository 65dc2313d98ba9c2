import { createColumnHelper, type ColumnDef } from "@tanstack/react-table";
import type { FieldValue, RecordItem } from "@/api/types";
import { SourceBadge } from "@/components/source";
import { agoShort, percent, utc } from "@/lib/format";

/** What a column needs beyond its cell. */
interface ColumnLayout {
  /** A CSS grid track. */
  track: string;
  right?: boolean;
  /** The API's name to sort by; none when the column cannot be sorted. */
  sort?: string;
  /** Stays when the screen is a phone. */
  phone?: boolean;
  /** Gives way when a sheet is open beside the list. */
  wide?: boolean;
}

export type RecordColumn = ColumnDef<RecordItem> & { meta: ColumnLayout };

const helper = createColumnHelper<RecordItem>();

export function text(value: FieldValue | undefined): string {
  return value === null || value === undefined || value === "" ? "–" : String(value);
}

export function column(
  id: string,
  header: string,
  meta: ColumnLayout,
  cell: (item: RecordItem) => React.ReactNode,
): RecordColumn {
  return helper.display({ id, header, meta, cell: ({ row }) => cell(row.original) }) as RecordColumn;
}

export function plain(id: string, header: string, meta: Partial<ColumnLayout> = {}, className = ""): RecordColumn {
  return column(id, header, { track: "minmax(88px,1fr)", sort: id, ...meta }, (item) => (
    <Named value={item.fields[id]} className={className} />
  ));
}

/** A name that may be cut off on the screen and is whole on hover. */
export function Named({ value, className = "" }: { value: FieldValue | undefined; className?: string }) {
  return (
    <span className={className} title={text(value)}>
      {text(value)}
    </span>
  );
}

function Quality({ score }: { score: number | string | null }) {
  if (score === null) return <span className="zero">–</span>;
  const fraction = String(score);
  return (
    <span className="row gap4" style={{ justifyContent: "flex-end" }}>
      {percent(fraction, 0).replace("%", "")}
      <span className="qbar" aria-hidden="true">
        <i style={{ width: percent(fraction, 0) }} />
      </span>
    </span>
  );
}

export const source = column("source", "Source", { track: "60px", sort: "source", wide: true }, (item) => (
  <SourceBadge source={item.source} />
));
export const quality = column("quality", "Quality", { track: "68px", right: true, sort: "quality_score", wide: true }, (item) => (
  <Quality score={item.quality_score} />
));
export const changed = column("changed", "Changed", { track: "88px", right: true, sort: "updated_at", wide: true }, (item) => (
  <span className="mut" title={utc(item.updated_at)}>
    {agoShort(item.updated_at)}
  </span>
));
