/** The shapes of the API's answers, by the names that the features use. */

export type Role = "admin" | "manager" | "rep" | "analyst";
export interface Me {
  id: string;
  email: string;
  name: string;
  role: Role;
  needs_password: boolean;
}
export interface User extends Me {
  created_at: string;
  last_sign_in_at: string | null;
}

export interface MetricDefinition {
  slug: string;
  label: string;
  meaning: string;
  formula: string;
  unit: "currency" | "count" | "fraction";
  date_field: string | null;
  dimensions: string[];
  owner: string;
}
/** A metric for one combination of dimension values. Values are decimal strings; null where there is none. */
export interface MetricGroup {
  key: Record<string, string | null>;
  value: string | null;
  rows: number;
  unpriced: number;
  drill: string;
}
export interface MetricResult {
  metric: string;
  unit: string;
  /** The reporting currency; empty where the metric is no amount. */
  currency: string;
  data_as_of: Record<string, string>;
  value: string | null;
  rows: number;
  unpriced: number;
  groups: MetricGroup[];
  drill: string;
}

export type FieldValue = string | number | boolean | null;
export interface RecordItem {
  canonical_id: string;
  type: string;
  source: string;
  source_id: string;
  title: string;
  fields: Record<string, FieldValue>;
  value: string | null;
  quality_score: number | string | null;
  is_deleted: boolean;
  updated_at: string;
}
export interface RecordPage {
  items: RecordItem[];
  next_cursor: string | null;
  total: number;
}
export interface RecordField {
  value: FieldValue;
  label: string;
  unit: string | null;
  source: string;
  event_id: string | null;
  source_time: string | null;
  received_at: string | null;
}
export interface QualityRule {
  name: string;
  weight: number | string;
  passed: boolean;
  meaning: string;
}
export interface HistoryEntry {
  event_id: string;
  source_time: string | null;
  received_at: string;
  operation: string;
  changes: Record<string, { from: FieldValue; to: FieldValue }>;
}
export interface RecordDetail {
  canonical_id: string;
  type: string;
  source: string;
  source_id: string;
  title: string;
  is_deleted: boolean;
  source_time: string | null;
  fields: Record<string, RecordField>;
  quality: { score: number | string | null; rules: QualityRule[] };
  history: HistoryEntry[];
  related: Record<string, RecordItem[]>;
}

export interface EventItem {
  event_id: string;
  source: string;
  entity_type: string;
  record_type: string;
  source_id: string;
  operation: string;
  source_time: string | null;
  received_at: string;
  bytes: number;
  status: string;
}
export interface EventPage {
  items: EventItem[];
  next_cursor: string | null;
}
export interface EventDetail extends EventItem {
  kind: string;
  source_time_given: boolean;
  body_sha256: string;
  body_index: number;
  request_sha256: string;
  payload_error: string;
  record: { type: string; canonical_id: string; title: string } | null;
  set: { field: string; value: FieldValue; current: boolean }[];
  quarantine: { field: string; value: string | null; reason: string }[];
}

export interface QuarantineItem {
  event_id: string;
  source: string;
  record_type: string;
  source_id: string;
  field: string;
  value: string | null;
  reason: string;
  at: string;
}
export interface QuarantineGroup {
  source: string;
  field: string;
  reason: string;
  count: number;
}
export interface QuarantinePage {
  items: QuarantineItem[];
  next_cursor: string | null;
  total: number;
  groups: QuarantineGroup[];
}

export interface Books {
  received: number;
  accepted: number;
  rejected: number;
  duplicates: number;
  in_spool: number;
  raw: number;
  refused: number;
  pending: number;
  applied: number;
  superseded: number;
  ignored: number;
  quarantined: number;
  expired: number;
}
export interface SourceItem extends Books {
  source: string;
  kind: string;
  label: string;
  state: "fresh" | "late" | "stale" | "silent";
  last_event_at: string | null;
  usual_gap_seconds: number | null;
  data_as_of: string | null;
  lag_seconds: number | null;
  events_today: number;
  hours: number[];
}
export interface SourceKey {
  id: string;
  /** Its last characters. */
  ends: string;
  created_at: string;
  created_by: string;
}
export interface SourceDetail extends SourceItem {
  keys: SourceKey[];
  requests: { at: string; status: number; events: number; entity_type: string; reason: string | null }[];
}

export interface System {
  version: string;
  schema: { have: number | null; need: number; differences: string[] };
  lake: { driver: string; state: string; error: string | null };
  zones: { zone: string; table: string; rows: number; bytes: number }[];
  books: Books | null;
  jobs: { name: string; state: string; last_run_at: string | null; detail: string }[];
  stores: Record<string, string>;
}
