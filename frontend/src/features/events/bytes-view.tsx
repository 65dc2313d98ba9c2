import { useMemo, useState, type ReactNode } from "react";
import { usePhone } from "@/lib/media";
import { byteRows, type ByteRow } from "@/lib/json-bytes";
import { count } from "@/lib/format";

interface Range {
  start: number;
  end: number;
}

/** Rows shown before the reader asks for all: a body of a megabyte would be sixteen thousand. */
const FIRST_ROWS = 400;

function hex(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}

/** Marks the part of a row that lies in the range; `gap` stands between two parts that both have bytes. */
function marked(row: ByteRow, range: Range | null, show: (bytes: Uint8Array) => string, gap = ""): ReactNode {
  const from = range ? Math.max(0, range.start - row.offset) : 0;
  const to = range ? Math.min(row.bytes.length, range.end - row.offset) : 0;
  if (!range || from >= to) return show(row.bytes);
  return (
    <>
      {show(row.bytes.subarray(0, from))}
      {from > 0 ? gap : ""}
      <mark>{show(row.bytes.subarray(from, to))}</mark>
      {to < row.bytes.length ? gap : ""}
      {show(row.bytes.subarray(to))}
    </>
  );
}

const decoder = new TextDecoder("utf-8");
/** Control characters as their Unicode pictures, so that a row stays a row. */
function visible(bytes: Uint8Array): string {
  return Array.from(decoder.decode(bytes), (character) => {
    const code = character.charCodeAt(0);
    if (code === 0x7f) return "\u2421";
    return code < 0x20 ? String.fromCharCode(0x2400 + code) : character;
  }).join("");
}

function hexText(bytes: Uint8Array): string {
  return Array.from(bytes, hex).join(" ");
}

function asciiText(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "·")).join("");
}

function Rows({ rows, label, children }: { rows: ByteRow[]; label: string; children: (row: ByteRow) => ReactNode }) {
  const [all, setAll] = useState(false);
  const shown = all ? rows : rows.slice(0, FIRST_ROWS);
  return (
    <>
      <div className="bytes" tabIndex={0} role="region" aria-label={label}>
        {shown.map((row) => children(row))}
      </div>
      {rows.length > shown.length ? (
        <button type="button" className="link" onClick={() => setAll(true)}>
          Show all {count(rows.length)} rows
        </button>
      ) : null}
    </>
  );
}

function offset(row: ByteRow): string {
  return String(row.offset).padStart(4, "0");
}

/** The bytes as they came, 64 to a row (32 on a phone), each row with its offset. */
export function ExactBytes({ body, range }: { body: Uint8Array; range: Range | null }) {
  const width = usePhone() ? 32 : 64;
  const rows = useMemo(() => byteRows(body, width), [body, width]);
  return (
    <Rows rows={rows} label="Bytes with their offsets">
      {(row) => (
        <div key={row.offset}>
          <b>{offset(row)}</b>
          <span>{marked(row, range, visible)}</span>
        </div>
      )}
    </Rows>
  );
}

/** The same bytes in hexadecimal; with `around` only the rows that touch the range. */
export function HexBytes({ body, range, around = false }: { body: Uint8Array; range: Range | null; around?: boolean }) {
  const width = usePhone() ? 8 : 16;
  const rows = useMemo(() => {
    const all: ByteRow[] = [];
    const first = around && range ? Math.floor(range.start / width) * width : 0;
    const last = around && range ? range.end : body.length;
    for (let at = first; at < last; at += width) all.push({ offset: at, text: "", bytes: body.subarray(at, at + width) });
    return all;
  }, [body, width, around, range]);
  return (
    <Rows rows={rows} label={around ? "The field’s bytes in hexadecimal" : "Bytes in hexadecimal"}>
      {(row) => (
        <div key={row.offset} className="hex">
          <b>{offset(row)}</b>
          <span>{marked(row, range, hexText, " ")}</span>
          <span className="mut">{marked(row, range, asciiText)}</span>
        </div>
      )}
    </Rows>
  );
}
