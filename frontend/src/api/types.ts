import type { components } from "./schema.gen";

/** The shapes of the API's answers, from its own description, by the names that the features use. */
type Schemas = components["schemas"];

export type Me = Schemas["Me"];
export type User = Schemas["UserOut"];
export type NewUser = Schemas["NewUser"];
export type UserChange = Schemas["UserChange"];
export type MetricDefinition = Schemas["MetricDefinition"];

export type RawMetricResult = Schemas["MetricAnswer"];

/** A metric for one combination of dimension values. Values are decimal strings; null where there is none. */
export type MetricGroup = Omit<Schemas["MetricGroup"], "value"> & { value: string | null };
export type MetricResult = Omit<RawMetricResult, "value" | "currency" | "groups"> & {
  value: string | null;
  /** The reporting currency; empty where the metric is no amount. */
  currency: string;
  groups: MetricGroup[];
};

/** How the open pipeline of one day became that of another. */
export type Bridge = Schemas["BridgeAnswer"];
export type BridgeBars = Pick<Bridge, "opening" | "movements" | "closing">;
export type BridgeBar = Schemas["BridgeBar"];
export type BridgeDeal = Schemas["BridgeDeal"];
export type BridgeDeals = Schemas["BridgeDeals"];

export type RecordItem = Schemas["RecordItem"];
export type RecordPage = Schemas["RecordPage"];
export type RecordDetail = Schemas["RecordDetail"];
export type HistoryEntry = Schemas["HistoryEntry"];
export type FieldValue = RecordItem["fields"][string];

export type EventItem = Schemas["EventItem"];
export type EventPage = Schemas["EventPage"];
export type EventDetail = Schemas["EventDetail"];

export type QuarantineGroup = Schemas["QuarantineGroup"];
export type QuarantineItem = Schemas["QuarantineItem"];
export type QuarantinePage = Schemas["QuarantineAnswer"];
export type LoggedAction = Schemas["LoggedAction"];

export type SourceItem = Schemas["SourceItem"];
/** Where the events of a source, or of all, are. */
export type Books = Pick<
  SourceItem,
  | "received"
  | "accepted"
  | "rejected"
  | "duplicates"
  | "in_spool"
  | "raw"
  | "refused"
  | "damaged"
  | "pending"
  | "applied"
  | "superseded"
  | "ignored"
  | "quarantined"
  | "expired"
>;
export type SourceDetail = Schemas["SourceDetail"];
export type RecentRequest = Schemas["RecentRequest"];
export type Policy = Schemas["PolicyOut"];
export type NewVerification = Schemas["NewVerification"];
export type Contract = Schemas["ContractOut"];
export type Draft = Schemas["DraftOut"];
export type WriteKey = Schemas["KeyOut"];
export type System = Schemas["SystemOut"];
export type MappingDocument = Schemas["MappingDocument"];
type RawPreview = Schemas["backend__routes__mappings__Preview"];
/** A pair of before and after comes as a list. */
export type MappingPreview = Omit<RawPreview, "examples"> & {
  examples: (Omit<RawPreview["examples"][number], "fields"> & { fields: Record<string, (string | number | boolean | null)[]> })[];
};
export type StartedJob = Schemas["JobOut"];

export type AuditPage = Schemas["AuditPage"];
export type AuditEntry = Schemas["AuditEntry"];
export type AuditChange = Schemas["AuditChange"];

export type OwnSession = Schemas["SessionOut"];
export type OwnToken = Schemas["TokenOut"];
export type NewOwnToken = Schemas["NewOwnToken"];
