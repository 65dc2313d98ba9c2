/**
 * Reads JSON without changing it: every token keeps its place in the bytes and numbers keep their digits.
 * Used to mark the bytes that set a field and to lay a body out without rounding anything.
 */

export interface Leaf {
  /** Names and indexes from the top, `["properties", "amount"]`. */
  path: string[];
  /** Place of the whole member, `"amount":"96000.00"`, in characters. */
  start: number;
  end: number;
  /** The value as it stands there, quotes included. */
  raw: string;
}

class NotJson extends Error {}

interface Reader {
  text: string;
  at: number;
}

function blanks(reader: Reader): void {
  while (" \t\n\r".includes(reader.text[reader.at] ?? "x")) reader.at += 1;
}

const STRING = /"(?:[^"\\]|\\.)*"/y;
const SCALAR = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

function match(reader: Reader, pattern: RegExp): string {
  pattern.lastIndex = reader.at;
  const found = pattern.exec(reader.text)?.[0];
  if (found === undefined) throw new NotJson();
  reader.at += found.length;
  return found;
}

function expect(reader: Reader, character: string): void {
  if (reader.text[reader.at] !== character) throw new NotJson();
  reader.at += 1;
}

function container(reader: Reader, path: string[], close: string, member: (index: number) => void): void {
  reader.at += 1;
  blanks(reader);
  if (reader.text[reader.at] === close) {
    reader.at += 1;
    return;
  }
  if (path.length > 200) throw new NotJson();
  for (let index = 0; ; index += 1) {
    blanks(reader);
    member(index);
    blanks(reader);
    if (reader.text[reader.at] !== ",") break;
    reader.at += 1;
  }
  expect(reader, close);
}

function value(reader: Reader, path: string[], start: number, leaves: Leaf[]): void {
  blanks(reader);
  const character = reader.text[reader.at];
  if (character === "{") {
    container(reader, path, "}", () => {
      const memberStart = reader.at;
      const name = match(reader, STRING);
      blanks(reader);
      expect(reader, ":");
      value(reader, [...path, unquote(name)], memberStart, leaves);
    });
  } else if (character === "[") {
    container(reader, path, "]", (index) => value(reader, [...path, String(index)], reader.at, leaves));
  } else {
    const raw = match(reader, character === '"' ? STRING : SCALAR);
    leaves.push({ path, start, end: reader.at, raw });
  }
}

/** Every scalar of a JSON text with its place; empty when the text is no JSON. */
export function leavesOf(text: string): Leaf[] {
  const reader = { text, at: 0 };
  const leaves: Leaf[] = [];
  try {
    value(reader, [], 0, leaves);
    return leaves;
  } catch (error) {
    if (error instanceof NotJson) return [];
    throw error;
  }
}

/** The text behind a JSON string literal; anything else is given back as it is. */
function unquote(raw: string): string {
  if (!raw.startsWith('"')) return raw;
  try {
    return JSON.parse(raw) as string;
  } catch {
    // A literal that JSON refuses (a raw control character) is still shown as it came.
    return raw.slice(1, -1);
  }
}

function bare(text: string): string {
  return text.toLowerCase().replace(/[^a-z0-9]/g, "");
}

function plainNumber(text: string): string | null {
  if (!/^[+-]?\d+(\.\d+)?$/.test(text)) return null;
  const trimmed = text.includes(".") ? text.replace(/0+$/, "").replace(/\.$/, "") : text;
  return trimmed.replace(/^\+/, "").replace(/^(-?)0+(?=\d)/, "$1");
}

function sameValue(raw: string, canonical: string): boolean {
  const text = unquote(raw).trim();
  if (text.toLowerCase() === canonical.trim().toLowerCase()) return true;
  const number = plainNumber(canonical);
  if (number !== null && plainNumber(text.replaceAll(",", "")) === number) return true;
  const isDay = /^\d{4}-\d{2}-\d{2}/.test(canonical);
  if (isDay && text.startsWith(canonical.slice(0, 10))) return true;
  if (isDay && /^\d{10}(\d{3})?$/.test(text)) {
    const millis = text.length === 10 ? Number(text) * 1000 : Number(text);
    return new Date(millis).toISOString().startsWith(canonical.slice(0, 10));
  }
  return false;
}

/**
 * The member that set a field, when exactly one place stands out: it holds the value, and its name is most like the
 * field's. Null rather than a guess between equals.
 */
export function locate(text: string, field: string, canonical: string): Leaf | null {
  const leaves = leavesOf(text).filter((leaf) => sameValue(leaf.raw, canonical));
  const wanted = bare(field.replace(/_ref$|_name$/, ""));
  const score = (leaf: Leaf): number => {
    const name = bare(leaf.path.at(-1) ?? "");
    if (name === bare(field)) return 4;
    if (name === wanted) return 3;
    if (name.includes(wanted)) return 2;
    return leaf.path.some((part) => bare(part).includes(wanted)) ? 1 : 0;
  };
  const ranked = leaves.map((leaf) => ({ leaf, score: score(leaf) })).sort((a, b) => b.score - a.score);
  const [best, next] = ranked;
  if (!best) return null;
  if (next && next.score === best.score) return null;
  return best.leaf;
}

/** The same JSON with line breaks and indents, each token kept letter for letter. */
export function layOut(text: string): string {
  let out = "";
  let depth = 0;
  const line = () => `\n${"  ".repeat(depth)}`;
  const token = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;
  let previous = "";
  for (const [part] of text.matchAll(token)) {
    if (part === "}" || part === "]") {
      depth = Math.max(0, depth - 1);
      if (previous !== "{" && previous !== "[") out += line();
    } else if (previous === "{" || previous === "[" || previous === ",") {
      out += line();
    }
    out += part === ":" ? ": " : part;
    if (part === "{" || part === "[") depth += 1;
    previous = part;
  }
  return out;
}

export interface ByteRow {
  offset: number;
  /** The row's text, cut at whole characters. */
  text: string;
  bytes: Uint8Array;
}

/** Cuts bytes into rows of at most `width`, never in the middle of a UTF-8 character. */
export function byteRows(body: Uint8Array, width: number): ByteRow[] {
  const decoder = new TextDecoder("utf-8");
  const rows: ByteRow[] = [];
  for (let offset = 0; offset < body.length; ) {
    let end = Math.min(offset + width, body.length);
    let back = 0;
    while (end < body.length && back < 3 && ((body[end] ?? 0) & 0xc0) === 0x80) {
      end -= 1;
      back += 1;
    }
    if (end <= offset) end = Math.min(offset + width, body.length);
    const bytes = body.subarray(offset, end);
    rows.push({ offset, text: decoder.decode(bytes), bytes });
    offset = end;
  }
  return rows;
}

/** Where a range of characters lies in the bytes. */
export function byteRange(text: string, start: number, end: number): { start: number; end: number } {
  const encoder = new TextEncoder();
  const before = encoder.encode(text.slice(0, start)).length;
  return { start: before, end: before + encoder.encode(text.slice(start, end)).length };
}

/** SHA-256 in hex; null where the browser offers no digest (pages that are neither https nor localhost). */
export async function sha256(body: Uint8Array): Promise<string | null> {
  const subtle = (globalThis.crypto as Crypto | undefined)?.subtle;
  if (!subtle) return null;
  const digest = await subtle.digest("SHA-256", new Uint8Array(body));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
