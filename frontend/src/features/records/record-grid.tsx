import { flexRender, getCoreRowModel, useReactTable } from "@tanstack/react-table";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef } from "react";
import { Link } from "@tanstack/react-router";
import type { RecordItem } from "@/api/types";
import { Icon } from "@/components/icon";
import { NOUNS, titleOf, type RecordType } from "@/lib/nouns";
import { usePhone } from "@/lib/media";
import type { RecordColumn } from "./column-parts";
import { columnsFor, secondLine } from "./columns";

const ROW = 32;
const ROW_PHONE = 48;

interface Props {
  type: RecordType;
  items: RecordItem[];
  total: number;
  currency: string;
  sort: string;
  narrow: boolean;
  /** All rows have the same status, so the column would say nothing. */
  oneStatus: boolean;
  /** The row under the keyboard. */
  active: number;
  openId: string | undefined;
  hasMore: boolean;
  loadingMore: boolean;
  onMore: () => void;
  onSort: (sort: string) => void;
  onOpen: (item: RecordItem) => void;
}

const HEADS: Partial<Record<RecordType, string>> = {
  opportunity: "Deal",
  stage_visit: "Deal",
  activity: "Subject",
  order: "Number",
  invoice: "Number",
  quota: "Whose",
  exchange_rate: "Rate of",
};

const NAME_FIELDS: Partial<Record<RecordType, string>> = {
  activity: "subject",
  order: "number",
  invoice: "number",
  quota: "owner",
  exchange_rate: "base",
};

/** The field behind the first column, to sort by. */
function nameSort(type: RecordType): { sort: string } {
  return { sort: NAME_FIELDS[type] ?? "name" };
}

function nextSort(current: string, key: string): string {
  if (current === `-${key}`) return key;
  return current === key ? "" : `-${key}`;
}

function Head({ column, sort, onSort }: { column: RecordColumn; sort: string; onSort: (sort: string) => void }) {
  const key = column.meta.sort;
  const direction = key && sort === key ? "ascending" : key && sort === `-${key}` ? "descending" : undefined;
  const title = String(column.header);
  return (
    <div role="columnheader" className={column.meta.right ? "r" : ""} {...(direction ? { "aria-sort": direction } : {})}>
      {key ? (
        <button type="button" onClick={() => onSort(nextSort(sort, key))}>
          {title} {direction ? <Icon name={direction === "ascending" ? "arrowUp" : "arrowDown"} size={12} /> : null}
        </button>
      ) : (
        title
      )}
    </div>
  );
}

/** An endless list of records: only the rows on screen exist, the next page is asked for before it is needed. */
export function RecordGrid(props: Props) {
  const { type, items, total, currency, narrow, oneStatus, active, openId, hasMore, loadingMore, onMore, onOpen } = props;
  const phone = usePhone();
  const scroller = useRef<HTMLDivElement>(null);
  const columns = useMemo(
    () =>
      columnsFor(type, currency, oneStatus).filter(({ meta }) => (phone ? meta.phone === true : !(narrow && meta.wide === true))),
    [type, currency, oneStatus, phone, narrow],
  );
  const table = useReactTable({ data: items, columns, getCoreRowModel: getCoreRowModel(), getRowId: (item) => item.canonical_id });
  const height = phone ? ROW_PHONE : ROW;
  const rows = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    overscan: 12,
    initialRect: { width: 800, height: 640 },
  });
  const shown = rows.getVirtualItems();
  const last = shown.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasMore && !loadingMore && last >= items.length - 20) onMore();
  }, [hasMore, loadingMore, last, items.length, onMore]);
  useEffect(() => {
    if (active >= 0) rows.scrollToIndex(active);
  }, [active, rows]);
  useEffect(() => rows.measure(), [height, rows]);
  const tracks = ["minmax(144px,1.9fr)", ...columns.map((column) => column.meta.track)].join(" ");
  const model = table.getRowModel().rows;
  return (
    <div
      className="vgrid"
      ref={scroller}
      role="grid"
      aria-label={NOUNS[type].title}
      aria-rowcount={total + 1}
      aria-colcount={columns.length + 1}
      tabIndex={0}
    >
      <div className="vrow head-row" role="row" aria-rowindex={1} style={{ gridTemplateColumns: tracks }}>
        <Head column={{ id: "name", header: HEADS[type] ?? "Name", meta: { track: "", ...nameSort(type) } }} sort={props.sort} onSort={props.onSort} />
        {columns.map((column) => (
          <Head key={column.id} column={column} sort={props.sort} onSort={props.onSort} />
        ))}
      </div>
      <div role="rowgroup" style={{ height: rows.getTotalSize(), position: "relative" }}>
        {shown.map((virtual) => {
          const row = model[virtual.index];
          if (!row) return null;
          const item = row.original;
          return (
            <div
              key={row.id}
              data-row={virtual.index}
              className="vrow"
              role="row"
              aria-rowindex={virtual.index + 2}
              aria-selected={item.canonical_id === openId || virtual.index === active}
              style={{ gridTemplateColumns: tracks, transform: `translateY(${virtual.start}px)`, height }}
              onClick={(event) => {
                if (event.target instanceof Element && event.target.closest("a")) return;
                onOpen(item);
              }}
            >
              <div role="gridcell" className="tr">
                <Link
                  className="m"
                  to="."
                  search={(search: Record<string, unknown>) => ({ ...search, open: item.canonical_id })}
                  replace
                  title={titleOf(item)}
                >
                  {titleOf(item)}
                </Link>
                {item.is_deleted ? <span className="tag warn deleted">Deleted</span> : null}
                {phone ? <small className="mut tr block xs">{secondLine(type, item)}</small> : null}
              </div>
              {row.getVisibleCells().map((cell) => (
                <div
                  key={cell.id}
                  role="gridcell"
                  className={(cell.column.columnDef as RecordColumn).meta.right ? "r" : ""}
                >
                  {flexRender(cell.column.columnDef.cell, cell.getContext())}
                </div>
              ))}
            </div>
          );
        })}
      </div>
    </div>
  );
}
