/** A field of a JSON Schema, named by its path: `properties.amount`, `lines[].price`. */
interface Field {
  types: string[];
  /** It is in every record. */
  always: boolean;
}

export interface FieldRow {
  path: string;
  expected: Field | null;
  seen: Field | null;
  change: "vanished" | "appeared" | "type" | "same";
}

type Schema = Record<string, unknown>;

function objectOf(value: unknown): Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Schema) : {};
}

function textsOf(value: unknown): string[] {
  const list: unknown[] = Array.isArray(value) ? value : [value];
  return list.filter((one): one is string => typeof one === "string");
}

/** The schema itself and the alternatives in it. */
function forms(schema: Schema): Schema[] {
  const others = [schema.anyOf, schema.oneOf, schema.allOf].flatMap((list): unknown[] => (Array.isArray(list) ? list : []));
  return [schema, ...others.flatMap((one) => forms(objectOf(one)))];
}

function collect(schema: Schema, path: string, always: boolean, into: Map<string, Field>): void {
  const all = forms(schema);
  const types = [...new Set(all.flatMap((form) => textsOf(form.type)))];
  let deeper = false;
  for (const form of all) {
    const required = new Set(textsOf(form.required));
    for (const [name, member] of Object.entries(objectOf(form.properties))) {
      deeper = true;
      collect(objectOf(member), path ? `${path}.${name}` : name, always && required.has(name), into);
    }
    if (Object.keys(objectOf(objectOf(form.items).properties)).length > 0) {
      deeper = true;
      collect(objectOf(form.items), `${path}[]`, false, into);
    }
  }
  if (!deeper && path) into.set(path, { types, always });
}

/** Every field that a schema names, down to those that hold no others. */
export function fieldsOf(schema: Schema): Map<string, Field> {
  const found = new Map<string, Field>();
  collect(schema, "", true, found);
  return found;
}

/** A contract that names no type takes every one, and one for numbers takes integers. */
function fits(seen: Field, expected: Field): boolean {
  if (expected.types.length === 0) return true;
  return seen.types.every((type) => expected.types.includes(type) || (type === "integer" && expected.types.includes("number")));
}

const ORDER = ["vanished", "type", "appeared", "same"];

/** Field by field, what changed first. Without a contract nothing can have appeared or vanished. */
export function compare(expected: Map<string, Field> | null, seen: Map<string, Field> | null): FieldRow[] {
  const rows: FieldRow[] = [];
  for (const path of new Set([...(expected?.keys() ?? []), ...(seen?.keys() ?? [])])) {
    const was = expected?.get(path) ?? null;
    const is = seen?.get(path) ?? null;
    let change: FieldRow["change"] = "same";
    if (expected && seen) {
      if (!is) change = "vanished";
      else if (!was) change = "appeared";
      else if (!fits(is, was)) change = "type";
    }
    rows.push({ path, expected: was, seen: is, change });
  }
  return rows.sort((a, b) => ORDER.indexOf(a.change) - ORDER.indexOf(b.change) || a.path.localeCompare(b.path));
}

const TYPES: Record<string, string> = { string: "text", integer: "whole number", boolean: "yes or no", array: "list", null: "nothing" };

export function inWords(field: Field | null): string {
  if (!field) return "–";
  const types = field.types.map((type) => TYPES[type] ?? type).join(" or ");
  return `${types || "anything"}${field.always ? "" : ", at times"}`;
}
