import type { FieldValue, RecordDetail } from "@/api/types";
import { count, day, decimal, momentExact, momentShort, percent, sourceMoney } from "@/lib/format";
import { words } from "@/lib/nouns";

type Fields = RecordDetail["fields"];

/** A value of a field as people read it, by the field's unit; the source's money keeps its own currency. */
export function fieldWords(name: string, value: FieldValue, fields: Fields): string {
  if (value === null || value === "") return "–";
  const text = String(value);
  const unit = fields[name]?.unit;
  if (unit === "currency") return sourceMoney(text, fields.currency?.value as string | null | undefined);
  if (unit === "fraction") return percent(text, 0);
  if (unit === "UTC") return momentShort(text);
  if (unit === "people") return count(text);
  if (typeof value === "boolean") return value ? "Yes" : "No";
  if (/^\d{4}-\d{2}-\d{2}$/.test(text)) return day(text);
  if (/^-?\d+\.\d+$/.test(text)) return decimal(text);
  return text;
}

/** The long form for a title attribute. */
export function fieldExact(name: string, value: FieldValue, fields: Fields): string {
  return fields[name]?.unit === "UTC" ? momentExact(String(value)) : fieldWords(name, value, fields);
}

export function fieldLabel(name: string, fields: Fields): string {
  return fields[name]?.label ?? words(name);
}

/** Ids of other records are for programs: they stand after the fields that people read. */
function rank(name: string): number {
  if (["amount", "stage", "status", "close_date"].includes(name)) return 0;
  return name.endsWith("_ref") ? 2 : 1;
}

/** Fields with a value in reading order, and the names of those without one. */
export function sortFields(fields: Fields): { present: string[]; absent: string[] } {
  const names = Object.keys(fields);
  const has = (name: string) => fields[name]?.value !== null && fields[name]?.value !== "";
  return {
    present: names.filter(has).sort((a, b) => rank(a) - rank(b)),
    absent: names.filter((name) => !has(name)),
  };
}
