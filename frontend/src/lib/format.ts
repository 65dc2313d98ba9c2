/**
 * Everything that turns a value of the API into words: money, counts, shares, dates and times.
 * Money never passes through a float: amounts come as decimal strings and `Intl.NumberFormat`
 * formats such strings exactly. Times are shown in the reader's zone.
 */

const MINUS = "\u2212";
const NONE = "\u2013";
const LOCALE = "en-GB";

type Exact = Intl.StringNumericLiteral;

const formats = new Map<string, Intl.NumberFormat>();

function numberFormat(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = JSON.stringify(options);
  let format = formats.get(key);
  if (!format) {
    format = new Intl.NumberFormat("en-US", options);
    formats.set(key, format);
  }
  return format;
}

/** A real minus sign, as in the rest of the interface. */
function signed(text: string): string {
  return text.replace("-", MINUS);
}

/** Digits after the point of a currency; 2 when the code is unknown to the browser. */
function minorUnits(currency: string): number {
  try {
    return numberFormat({ style: "currency", currency }).resolvedOptions().maximumFractionDigits ?? 2;
  } catch {
    // RangeError for a code that is no ISO code: the amount is still shown, with two digits.
    return 2;
  }
}

function isDecimal(text: string): boolean {
  return /^[+-]?\d+(\.\d+)?$/.test(text);
}

function currencyOptions(currency: string): Intl.NumberFormatOptions {
  return { style: "currency", currency, currencyDisplay: "narrowSymbol" };
}

function withCurrency(value: string, currency: string, options: Intl.NumberFormatOptions): string {
  try {
    return signed(numberFormat({ ...currencyOptions(currency), ...options }).format(value as Exact));
  } catch {
    const { notation, ...rest } = options;
    return signed(`${currency} ${numberFormat({ ...rest, ...(notation ? { notation } : {}) }).format(value as Exact)}`);
  }
}

/** Whole units in the reporting currency, as in tables: `€6,950,224`. */
export function money(value: string | null | undefined, currency: string): string {
  if (value == null || !isDecimal(value)) return NONE;
  return withCurrency(value, currency, { minimumFractionDigits: 0, maximumFractionDigits: 0 });
}

/** By how much an amount changed, with its sign: `+€524,537`. */
export function moneyChange(value: string | null | undefined, currency: string): string {
  if (value == null || !isDecimal(value)) return NONE;
  return withCurrency(value, currency, { minimumFractionDigits: 0, maximumFractionDigits: 0, signDisplay: "exceptZero" });
}

/** A key number: `€6.95M`, `€1.20M`, `€950`. */
export function moneyShort(value: string | null | undefined, currency: string): string {
  if (value == null || !isDecimal(value)) return NONE;
  const large = value.replace("-", "").split(".")[0] ?? "";
  if (large.length <= 3) return money(value, currency);
  return withCurrency(value, currency, { notation: "compact", minimumSignificantDigits: 3, maximumSignificantDigits: 3 });
}

/** A mark on an axis: `€500K`, `€1M`. */
export function moneyAxis(value: string, currency: string): string {
  return withCurrency(value, currency, { notation: "compact", maximumSignificantDigits: 3 });
}

/** Marks of an axis that does not begin at nought: as many digits as tell each from the next, `$1.795M`, `$1.8M`. */
export function moneyMarks(values: string[], currency: string): string[] {
  const marks = (digits: number) =>
    values.map((value) => withCurrency(value, currency, { notation: "compact", maximumSignificantDigits: digits }));
  let digits = 3;
  while (digits < 12 && new Set(marks(digits)).size < values.length) digits++;
  return marks(digits);
}

/** Every digit of the minor unit: `€6,950,224.10`. */
export function moneyExact(value: string | null | undefined, currency: string): string {
  if (value == null || !isDecimal(value)) return NONE;
  const digits = minorUnits(currency);
  return withCurrency(value, currency, { minimumFractionDigits: digits, maximumFractionDigits: Math.max(digits, 4) });
}

/** Money as the source has it, with its ISO code: `GBP 96,000.00`. No code is said, never guessed. */
export function sourceMoney(value: string | null | undefined, currency: string | null | undefined): string {
  if (value == null || !isDecimal(value)) return NONE;
  const digits = currency ? minorUnits(currency) : 2;
  const text = signed(
    numberFormat({ minimumFractionDigits: digits, maximumFractionDigits: Math.max(digits, 4) }).format(value as Exact),
  );
  return currency ? `${currency} ${text}` : `${text}, no currency`;
}

/** Table form of the source's money, whole units: `GBP 212,300`. */
export function sourceMoneyShort(value: string | null | undefined, currency: string | null | undefined): string {
  if (value == null || !isDecimal(value)) return NONE;
  const text = signed(numberFormat({ maximumFractionDigits: 0 }).format(value as Exact));
  return currency ? `${currency} ${text}` : text;
}

/** A count: `601,610`. Accepts numbers, and strings for counts beyond 2^53. */
export function count(value: number | string | bigint | null | undefined): string {
  if (value == null) return NONE;
  return signed(numberFormat({ maximumFractionDigits: 0 }).format(value as Exact));
}

/** `1 deal`, `166 deals`. */
export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

/** A plain decimal with its digits kept: `1.1398`. */
export function decimal(value: string): string {
  if (!isDecimal(value)) return value;
  const digits = value.split(".")[1]?.length ?? 0;
  return signed(numberFormat({ minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value as Exact));
}

/** A length in days with one digit: `41.3`. */
export function days(value: string | null | undefined): string {
  if (value == null || !isDecimal(value)) return NONE;
  return signed(numberFormat({ minimumFractionDigits: 1, maximumFractionDigits: 1 }).format(value as Exact));
}

/** How many times: `2.3×`. */
export function times(value: string | null | undefined): string {
  const text = days(value);
  return text === NONE ? text : `${text}×`;
}

/** A fraction (`0.391026`) as a percentage: `39.1%`. */
export function percent(fraction: string | null | undefined, digits = 1): string {
  if (fraction == null || !isDecimal(fraction)) return NONE;
  return signed(
    numberFormat({ style: "percent", minimumFractionDigits: digits, maximumFractionDigits: digits }).format(
      fraction as Exact,
    ),
  );
}

function scaled(value: string): { units: bigint; scale: number } {
  const [whole = "0", fraction = ""] = value.split(".");
  return { units: BigInt(whole + fraction), scale: fraction.length };
}

/** part ÷ whole as a decimal string with four digits, exact to the last one; null when it has no meaning. */
export function ratio(part: string | null | undefined, whole: string | null | undefined): string | null {
  if (part == null || whole == null || !isDecimal(part) || !isDecimal(whole)) return null;
  const a = scaled(part);
  const b = scaled(whole);
  if (b.units === 0n) return null;
  const digits = Math.max(a.scale, b.scale);
  const numerator = a.units * 10n ** BigInt(digits - a.scale) * 10_000n;
  const denominator = b.units * 10n ** BigInt(digits - b.scale);
  const negative = numerator < 0n !== denominator < 0n;
  const n = numerator < 0n ? -numerator : numerator;
  const d = denominator < 0n ? -denominator : denominator;
  const rounded = (n * 2n + d) / (d * 2n);
  const text = rounded.toString().padStart(5, "0");
  return `${negative && rounded !== 0n ? "-" : ""}${text.slice(0, -4)}.${text.slice(-4)}`;
}

/** left − right, exact, as a decimal string. */
export function difference(left: string, right: string): string {
  const a = scaled(left);
  const b = scaled(right);
  const digits = Math.max(a.scale, b.scale);
  const units = a.units * 10n ** BigInt(digits - a.scale) - b.units * 10n ** BigInt(digits - b.scale);
  const text = (units < 0n ? -units : units).toString().padStart(digits + 1, "0");
  const plain = digits === 0 ? text : `${text.slice(0, -digits)}.${text.slice(-digits)}`;
  return units < 0n ? `-${plain}` : plain;
}

/** Compares two decimal strings exactly. */
export function compareDecimal(left: string, right: string): number {
  const a = scaled(left);
  const b = scaled(right);
  const digits = Math.max(a.scale, b.scale);
  const difference = a.units * 10n ** BigInt(digits - a.scale) - b.units * 10n ** BigInt(digits - b.scale);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** The length of a bar, 0 to 1. Geometry only: the one place where an amount becomes a float. */
export function share(value: string | null | undefined, largest: string | null | undefined): number {
  const top = Number(largest ?? 0);
  const part = Number(value ?? 0);
  return top > 0 && part > 0 ? Math.min(1, part / top) : 0;
}

/** Size in bytes: `508 bytes`, `1.2 MB`. */
export function bytes(n: number): string {
  if (n < 1000) return `${n} ${n === 1 ? "byte" : "bytes"}`;
  const units = ["kB", "MB", "GB", "TB"];
  let value = n / 1000;
  let unit = 0;
  while (value >= 999.95 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value.toFixed(1)} ${units[unit]}`;
}

/* ---- dates and times ---- */

/** Reads the API's times, with or without a zone (UTC then). Null when it is no time. */
export function parseTime(value: string | null | undefined): Date | null {
  if (!value) return null;
  const iso = value.includes("T") ? value : value.replace(" ", "T");
  const zoned = /(Z|[+-]\d\d:?\d\d)$/.test(iso) ? iso : `${iso}${iso.includes("T") ? "" : "T00:00:00"}Z`;
  const date = new Date(zoned);
  return Number.isNaN(date.getTime()) ? null : date;
}

function dateTimeFormat(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat(LOCALE, { hourCycle: "h23", ...options });
}

const shortDay = dateTimeFormat({ day: "numeric", month: "short" });
const longDay = dateTimeFormat({ day: "numeric", month: "short", year: "numeric" });
const clock = dateTimeFormat({ hour: "2-digit", minute: "2-digit" });
const clockSeconds = dateTimeFormat({ hour: "2-digit", minute: "2-digit", second: "2-digit" });

/** Intl writes "Sept" in British English; the interface uses three letters for every month. */
function tidy(text: string): string {
  return text.replace("Sept", "Sep");
}

function sameDay(a: Date, b: Date): boolean {
  return a.getFullYear() === b.getFullYear() && a.getMonth() === b.getMonth() && a.getDate() === b.getDate();
}

/** A day of the calendar (`2026-12-11`), which has no zone: `11 Dec`, with the year when it is another one. */
export function day(value: string | null | undefined, now = new Date()): string {
  const parts = /^(\d{4})-(\d{2})-(\d{2})/.exec(value ?? "");
  if (!parts) return NONE;
  const date = new Date(Number(parts[1]), Number(parts[2]) - 1, Number(parts[3]));
  return tidy((date.getFullYear() === now.getFullYear() ? shortDay : longDay).format(date));
}

/** A day written out: `1 September 2026`. */
export function dayLong(value: string): string {
  const [year = 0, month = 1, date = 1] = value.slice(0, 10).split("-").map(Number);
  return dateTimeFormat({ day: "numeric", month: "long", year: "numeric" }).format(new Date(year, month - 1, date));
}

/** `2026-11` as `Nov`, with the year in January and when asked. */
export function month(value: string, withYear = false): string {
  const [year = 0, number = 1] = value.split("-").map(Number);
  const text = dateTimeFormat({ month: "short" }).format(new Date(year, number - 1, 1));
  return tidy(withYear ? `${text} ${year}` : text);
}

/** A moment: clock time today, `19 Nov, 09:12` later, the year when it differs. */
export function moment(value: string | null | undefined, now = new Date()): string {
  const date = parseTime(value);
  if (!date) return NONE;
  if (sameDay(date, now)) return clockSeconds.format(date);
  const dayText = (date.getFullYear() === now.getFullYear() ? shortDay : longDay).format(date);
  return `${tidy(dayText)}, ${clock.format(date)}`;
}

/** The same without seconds today: `09:41`. */
export function momentShort(value: string | null | undefined, now = new Date()): string {
  const date = parseTime(value);
  if (!date) return NONE;
  return sameDay(date, now) ? clock.format(date) : moment(value, now);
}

/** Written out to the millisecond: `19 Nov 2026, 09:12:02.114`. */
export function momentExact(value: string | null | undefined): string {
  const date = parseTime(value);
  if (!date) return NONE;
  const millis = String(date.getMilliseconds()).padStart(3, "0");
  return `${tidy(longDay.format(date))}, ${clockSeconds.format(date)}.${millis}`;
}

/** For title attributes: the same moment in UTC. */
export function utc(value: string | null | undefined): string {
  const date = parseTime(value);
  return date ? `${date.toISOString().replace("T", " ").replace("Z", "")} UTC` : "";
}

/** A length of time in its largest unit: `12 s`, `45 min`, `3 h`, `5 d`. */
export function duration(seconds: number | null | undefined): string {
  if (seconds == null || !Number.isFinite(seconds)) return NONE;
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.round(s / 60)} min`;
  if (s < 86_400) return `${Math.round(s / 3600)} h`;
  return `${Math.round(s / 86_400)} d`;
}

/** `12 s ago` under a day, a moment later. */
export function ago(value: string | null | undefined, now = new Date()): string {
  const date = parseTime(value);
  if (!date) return NONE;
  const seconds = (now.getTime() - date.getTime()) / 1000;
  if (seconds < 5) return "just now";
  return seconds < 86_400 ? `${duration(seconds)} ago` : moment(value, now);
}

/** For narrow columns: `9 h ago` under a day, the day later. */
export function agoShort(value: string | null | undefined, now = new Date()): string {
  const date = parseTime(value);
  if (!date) return NONE;
  const seconds = (now.getTime() - date.getTime()) / 1000;
  if (seconds < 86_400) return ago(value, now);
  return tidy((date.getFullYear() === now.getFullYear() ? shortDay : longDay).format(date));
}

/** The reader's zone, named once per page. */
export function zoneName(): string {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return (zone.split("/").pop() ?? zone).replaceAll("_", " ");
}
