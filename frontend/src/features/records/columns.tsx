import { createColumnHelper, type ColumnDef } from "@tanstack/react-table";
import type { FieldValue, RecordItem } from "@/api/types";
import { SourceBadge } from "@/components/source";
import { agoShort, count, day, money, percent, sourceMoneyShort, utc } from "@/lib/format";
import type { RecordType } from "@/lib/nouns";

/** What a column needs beyond its cell. */
interface ColumnLayout {
  /** A CSS grid track. */
  track: string;
  right?: boolean;
  /** The API's name to sort by; none when the column cannot be sorted. */
  sort?: string;
  /** Stays when the screen is a phone. */
  phone?: boolean;
  /** Gives way when a sheet is open beside the list. */
  wide?: boolean;
}

export type RecordColumn = ColumnDef<RecordItem> & { meta: ColumnLayout };

const helper = createColumnHelper<RecordItem>();

function text(value: FieldValue | undefined): string {
  return value === null || value === undefined || value === "" ? "–" : String(value);
}

function column(
  id: string,
  header: string,
  meta: ColumnLayout,
  cell: (item: RecordItem) => React.ReactNode,
): RecordColumn {
  return helper.display({ id, header, meta, cell: ({ row }) => cell(row.original) }) as RecordColumn;
}

function plain(id: string, header: string, meta: Partial<ColumnLayout> = {}, className = ""): RecordColumn {
  return column(id, header, { track: "minmax(88px,1fr)", sort: id, ...meta }, (item) => (
    <Named value={item.fields[id]} className={className} />
  ));
}

/** A name that may be cut off on the screen and is whole on hover. */
function Named({ value, className = "" }: { value: FieldValue | undefined; className?: string }) {
  return (
    <span className={className} title={text(value)}>
      {text(value)}
    </span>
  );
}

function Quality({ score }: { score: number | string | null }) {
  if (score === null) return <span className="zero">–</span>;
  const fraction = String(score);
  return (
    <span className="row gap4" style={{ justifyContent: "flex-end" }}>
      {percent(fraction, 0).replace("%", "")}
      <span className="qbar" aria-hidden="true">
        <i style={{ width: percent(fraction, 0) }} />
      </span>
    </span>
  );
}

const source = column("source", "Source", { track: "60px", sort: "source", wide: true }, (item) => (
  <SourceBadge source={item.source} />
));
const quality = column("quality", "Quality", { track: "68px", right: true, sort: "quality_score", wide: true }, (item) => (
  <Quality score={item.quality_score} />
));
const changed = column("changed", "Changed", { track: "88px", right: true, sort: "updated_at", wide: true }, (item) => (
  <span className="mut" title={utc(item.updated_at)}>
    {agoShort(item.updated_at)}
  </span>
));

function status(item: RecordItem): React.ReactNode {
  const value = text(item.fields.status);
  const tone = value === "won" ? "ok" : value === "lost" ? "mut" : "";
  return <span className={tone}>{value}</span>;
}

/** The columns of each noun after its name. `currency` heads the converted amount; `status` is left out where one was chosen. */
export function columnsFor(type: RecordType, currency: string, oneStatus: boolean): RecordColumn[] {
  if (type === "opportunity") {
    return [
      column("account", "Account", { track: "minmax(80px,1fr)", sort: "account", wide: true }, (item) => (
        <Named value={item.fields.account ?? item.fields.account_name} className="mut" />
      )),
      plain("stage", "Stage", { track: "minmax(84px,.9fr)" }),
      ...(oneStatus ? [] : [column("status", "Status", { track: "56px", sort: "status", wide: true }, status)]),
      column("amount", "Amount", { track: "120px", right: true, sort: "amount" }, (item) =>
        item.fields.amount == null ? (
          <span className="warn">no price</span>
        ) : (
          sourceMoneyShort(text(item.fields.amount), item.fields.currency as string | null)
        ),
      ),
      column("value", currency, { track: "92px", right: true, sort: "value", phone: true }, (item) =>
        item.value == null ? <span className="zero">–</span> : <span className="m">{money(item.value, currency)}</span>,
      ),
      column("close_date", "Close", { track: "100px", right: true, sort: "close_date" }, (item) =>
        day(text(item.fields.close_date)),
      ),
      column("owner", "Owner", { track: "minmax(80px,.9fr)", sort: "owner", wide: true }, (item) => (
        <Named value={item.fields.owner ?? item.fields.owner_name} />
      )),
      source,
      quality,
      changed,
    ];
  }
  if (type === "account") {
    return [
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
    ];
  }
  return [
    plain("email", "E-mail", { track: "minmax(144px,1.4fr)" }, "mut"),
    plain("title", "Title", { wide: true }),
    plain("account_name", "Account", { track: "minmax(96px,1fr)" }),
    plain("phone", "Phone", { track: "minmax(112px,.8fr)", wide: true }),
    source,
    quality,
    changed,
  ];
}

/** What stands under the name on a phone. */
export function secondLine(type: RecordType, item: RecordItem): string {
  const { fields } = item;
  const parts =
    type === "opportunity"
      ? [fields.account ?? fields.account_name, fields.stage, fields.close_date ? day(String(fields.close_date)) : null]
      : type === "account"
        ? [fields.domain, fields.industry, fields.city]
        : [fields.title, fields.account_name, fields.email];
  return parts.filter(Boolean).join(", ");
}
