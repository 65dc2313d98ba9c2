import type { RecordItem } from "@/api/types";
import { count, day, days, decimal, money, momentShort, sourceMoneyShort, utc } from "@/lib/format";
import { words, type RecordType } from "@/lib/nouns";
import { changed, column, Named, plain, quality, source, text, type RecordColumn } from "./column-parts";

interface View {
  /** The reporting currency; it heads converted amounts. */
  currency: string;
  /** All rows have the same status, so the column would say nothing. */
  oneStatus: boolean;
}

function dated(id: string, header: string, wide = false): RecordColumn {
  return column(id, header, { track: "100px", right: true, sort: id, wide }, (item) => day(text(item.fields[id])));
}

function timed(id: string, header: string, wide = false): RecordColumn {
  return column(id, header, { track: "144px", right: true, sort: id, wide }, (item) => {
    const value = item.fields[id];
    return value == null ? <span className="zero">–</span> : <span title={utc(String(value))}>{momentShort(String(value))}</span>;
  });
}

/** Who or which account: the name that is known today, else the source's own. */
function named(id: string, header: string, fallback: string | null = null, className = ""): RecordColumn {
  return column(id, header, { track: "minmax(80px,1fr)", sort: id, wide: true }, (item) => (
    <Named value={item.fields[id] ?? (fallback ? item.fields[fallback] : null)} className={className} />
  ));
}

function yes(id: string, header: string, track = "72px"): RecordColumn {
  return column(id, header, { track, sort: id }, (item) => {
    const value = item.fields[id];
    return value == null ? <span className="zero">–</span> : value === true || value === 1 ? "Yes" : "No";
  });
}

function worded(id: string, header: string, track = "96px"): RecordColumn {
  return column(id, header, { track, sort: id }, (item) => {
    const value = text(item.fields[id]);
    const tone = value === "won" || value === "paid" || value === "done" ? "ok" : value === "lost" || value === "void" || value === "cancelled" ? "mut" : "";
    return <span className={tone}>{words(value)}</span>;
  });
}

function inSource(id: string, header: string, wide = false): RecordColumn {
  return column(id, header, { track: "120px", right: true, sort: id, wide }, (item) =>
    item.fields[id] == null ? (
      <span className="warn">no price</span>
    ) : (
      sourceMoneyShort(text(item.fields[id]), item.fields.currency as string | null)
    ),
  );
}

function converted({ currency }: View): RecordColumn {
  return column("value", currency, { track: "92px", right: true, sort: "value", phone: true }, (item) =>
    item.value == null ? <span className="zero">–</span> : <span className="m">{money(item.value, currency)}</span>,
  );
}

const COLUMNS: Record<RecordType, (view: View) => RecordColumn[]> = {
  opportunity: (view) => [
    named("account", "Account", "account_name", "mut"),
    plain("stage", "Stage", { track: "minmax(84px,.9fr)" }),
    ...(view.oneStatus ? [] : [column("status", "Status", { track: "56px", sort: "status", wide: true }, status)]),
    inSource("amount", "Amount"),
    converted(view),
    dated("close_date", "Close"),
    named("owner", "Owner", "owner_name"),
    source,
    quality,
    changed,
  ],
  account: () => [
    plain("domain", "Domain", { track: "minmax(112px,1fr)" }, "mut"),
    plain("industry", "Industry", { wide: true }),
    plain("country", "Country", { phone: true, track: "minmax(80px,.7fr)" }),
    plain("city", "City", { track: "minmax(80px,.7fr)", wide: true }),
    column("employees", "Employees", { track: "88px", right: true, sort: "employees" }, (item) =>
      item.fields.employees == null ? "–" : count(item.fields.employees as number),
    ),
    source,
    quality,
    changed,
  ],
  contact: () => [
    plain("email", "E-mail", { track: "minmax(144px,1.4fr)" }, "mut"),
    plain("title", "Title", { wide: true }),
    plain("account_name", "Account", { track: "minmax(96px,1fr)" }),
    plain("phone", "Phone", { track: "minmax(112px,.8fr)", wide: true }),
    source,
    quality,
    changed,
  ],
  activity: () => [worded("type", "Type"), named("account", "Account", null, "mut"), named("owner", "Owner"), yes("done", "Done"), timed("happened_at", "Happened"), source, quality, changed],
  product: () => [
    plain("code", "Code", {}, "mono"),
    plain("family", "Family", { wide: true }),
    { ...inSource("price", "Price"), meta: { track: "120px", right: true, sort: "price", phone: true } },
    yes("active", "Active"),
    source,
    quality,
    changed,
  ],
  order: (view) => [
    named("account", "Account", "account_name", "mut"),
    worded("status", "Status"),
    inSource("amount", "Amount", true),
    converted(view),
    timed("ordered_at", "Ordered"),
    named("owner", "Owner"),
    source,
    quality,
    changed,
  ],
  invoice: (view) => [
    named("account", "Account", "customer_email", "mut"),
    ...(view.oneStatus ? [] : [worded("status", "Status", "104px")]),
    inSource("amount_due", "Due", true),
    column("outstanding", "Outstanding", { track: "120px", right: true, sort: "outstanding" }, (item) =>
      item.fields.outstanding == null ? <span className="zero">–</span> : sourceMoneyShort(text(item.fields.outstanding), item.fields.currency as string | null),
    ),
    converted(view),
    dated("due_date", "Due date"),
    column("ageing", "Overdue", { track: "104px", sort: "days_overdue" }, (item) => {
      const ageing = item.fields.ageing;
      return <span className={ageing && ageing !== "not due" ? "warn" : "mut"}>{text(ageing)}</span>;
    }),
    source,
    changed,
  ],
  owner: () => [plain("email", "E-mail", { track: "minmax(144px,1.4fr)" }, "mut"), plain("team", "Team", { phone: true }), yes("active", "Active"), source, quality, changed],
  quota: (view) => [plain("team", "Team"), dated("period_start", "From"), dated("period_end", "To"), inSource("amount", "Amount", true), converted(view), source, quality, changed],
  exchange_rate: () => [
    column("rate", "Rate", { track: "120px", right: true, sort: "rate", phone: true }, (item) => <span className="m">{decimal(text(item.fields.rate))}</span>),
    dated("day", "Day"),
    source,
    changed,
  ],
  stage_visit: (view) => [
    plain("stage", "Stage", { track: "minmax(84px,.9fr)" }),
    column("status", "Status", { track: "56px", sort: "status", wide: true }, status),
    converted(view),
    timed("entered_at", "Entered"),
    column("days", "Days", { track: "72px", right: true, sort: "days" }, (item) => days(text(item.fields.days))),
    yes("went_on", "Went on", "80px"),
    named("owner", "Owner", "owner_name"),
    source,
  ],
};

function status(item: RecordItem): React.ReactNode {
  const value = text(item.fields.status);
  const tone = value === "won" ? "ok" : value === "lost" ? "mut" : "";
  return <span className={tone}>{value}</span>;
}

/** The columns of each noun after its name. */
export function columnsFor(type: RecordType, currency: string, oneStatus: boolean): RecordColumn[] {
  return COLUMNS[type]({ currency, oneStatus });
}

const SECOND: Record<RecordType, string[]> = {
  opportunity: ["account|account_name", "stage", "close_date"],
  account: ["domain", "industry", "city"],
  contact: ["title", "account_name", "email"],
  activity: ["type", "account", "owner"],
  product: ["code", "family"],
  order: ["account|account_name", "status"],
  invoice: ["account|customer_email", "ageing|status", "due_date"],
  owner: ["email"],
  quota: ["team", "period_start"],
  exchange_rate: ["day"],
  stage_visit: ["stage", "owner"],
};

/** What stands under the name on a phone. */
export function secondLine(type: RecordType, item: RecordItem): string {
  return SECOND[type]
    .map((names) => {
      const name = names.split("|").find((one) => item.fields[one]);
      const value = name ? String(item.fields[name]) : "";
      return /^\d{4}-\d{2}-\d{2}$/.test(value) ? day(value) : value;
    })
    .filter(Boolean)
    .join(", ");
}
