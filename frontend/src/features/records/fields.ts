import type { FilterField } from "@/components/filter-bar";
import type { RecordType } from "@/lib/nouns";

/** What each list can be narrowed by. Deals know how many there are behind each value. */
export const FIELDS: Record<RecordType, FilterField[]> = {
  opportunity: [
    { field: "status", label: "Status", kind: "facet" },
    { field: "stage", label: "Stage", kind: "facet" },
    { field: "owner", label: "Owner", kind: "facet" },
    { field: "team", label: "Team", kind: "facet" },
    { field: "source", label: "Source", kind: "facet" },
    { field: "currency", label: "Currency", kind: "facet" },
    { field: "pipeline", label: "Pipeline", kind: "facet" },
    { field: "account_name", label: "Account", kind: "text" },
    { field: "product", label: "Product", kind: "text" },
  ],
  account: [
    { field: "industry", label: "Industry", kind: "text" },
    { field: "country", label: "Country", kind: "text" },
    { field: "city", label: "City", kind: "text" },
    { field: "domain", label: "Domain", kind: "text" },
  ],
  contact: [
    { field: "title", label: "Title", kind: "text" },
    { field: "account_name", label: "Account", kind: "text" },
    { field: "email", label: "E-mail", kind: "text" },
  ],
  activity: [
    { field: "type", label: "Type", kind: "facet", metric: "activity-count" },
    { field: "owner", label: "Owner", kind: "facet", metric: "activity-count" },
    { field: "team", label: "Team", kind: "facet", metric: "activity-count" },
    { field: "source", label: "Source", kind: "facet", metric: "activity-count" },
    { field: "done", label: "Done", kind: "choice", values: ["true", "false"] },
  ],
  product: [
    { field: "code", label: "Code", kind: "text" },
    { field: "family", label: "Family", kind: "text" },
    { field: "active", label: "Active", kind: "choice", values: ["true", "false"] },
  ],
  order: [
    { field: "status", label: "Status", kind: "choice", values: ["draft", "open", "done", "cancelled"] },
    { field: "account_name", label: "Account", kind: "text" },
    { field: "currency", label: "Currency", kind: "text" },
  ],
  invoice: [
    { field: "status", label: "Status", kind: "choice", values: ["draft", "open", "paid", "void", "uncollectible"] },
    { field: "ageing", label: "Overdue", kind: "facet", metric: "receivables" },
    { field: "account", label: "Account", kind: "text" },
    { field: "customer_email", label: "Customer e-mail", kind: "text" },
    { field: "currency", label: "Currency", kind: "facet", metric: "invoiced" },
  ],
  owner: [
    { field: "team", label: "Team", kind: "text" },
    { field: "email", label: "E-mail", kind: "text" },
    { field: "active", label: "Active", kind: "choice", values: ["true", "false"] },
  ],
  quota: [
    { field: "owner", label: "Owner", kind: "facet", metric: "quota" },
    { field: "team", label: "Team", kind: "facet", metric: "quota" },
    { field: "currency", label: "Currency", kind: "facet", metric: "quota" },
  ],
  exchange_rate: [
    { field: "base", label: "Base", kind: "text" },
    { field: "quote", label: "Quote", kind: "text" },
  ],
  stage_visit: [
    { field: "stage", label: "Stage", kind: "facet", metric: "stage-conversion" },
    { field: "owner", label: "Owner", kind: "facet", metric: "stage-conversion" },
    { field: "status", label: "Status", kind: "choice", values: ["open", "won", "lost"] },
  ],
};
