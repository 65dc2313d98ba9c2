import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { Bridge } from "@/api/types";
import { CsvButton } from "@/components/csv-button";
import { DataAsOf } from "@/components/data-as-of";
import { DayPicker } from "@/components/day-picker";
import { Definition } from "@/components/definition";
import { FilterBar, useSetSearch, type FilterField } from "@/components/filter-bar";
import { Icon } from "@/components/icon";
import { Panel } from "@/components/panel";
import { Page } from "@/components/shell/page";
import { useCopyLink } from "@/components/shell/shell";
import { Empty, Loaded, SkeletonRows } from "@/components/states";
import { TableToggle } from "@/components/table-toggle";
import { compareDecimal, count, dayLong, difference, money, moneyChange, plural } from "@/lib/format";
import { addDays, lastMonday, lastQuarterEnd } from "@/lib/periods";
import { DealsPanel } from "./deals-panel";
import { GroupsPanel, type Grouping } from "./groups-panel";
import { MovesTable } from "./moves-table";
import { drawn, gapOf, movementLabel, scaleOf, stepsOf } from "./steps";
import { useBridge, useSpan } from "./use-bridge";
import { Waterfall } from "./waterfall";

const FIELDS: FilterField[] = [
  { field: "team", label: "Team", kind: "facet" },
  { field: "owner", label: "Owner", kind: "facet" },
  { field: "stage", label: "Stage", kind: "facet" },
  { field: "source", label: "Source", kind: "facet" },
  { field: "pipeline", label: "Pipeline", kind: "facet" },
  { field: "product", label: "Product", kind: "facet" },
];

function Dates() {
  const set = useSetSearch();
  const { from, to, today, toStanding } = useSpan();
  const quick: [string, string][] = [
    ["Last Monday", lastMonday(to)],
    ["4 weeks", addDays(to, -28)],
    ["End of last quarter", lastQuarterEnd(to)],
    ["A year", addDays(to, -365)],
  ];
  return (
    <span className="row w gap4">
      <span className="mut">From</span>
      <DayPicker
        label="From"
        value={from}
        last={addDays(to, -1)}
        quick={quick}
        onPick={(day) => set((search) => ({ ...search, from: day, to: search.to ?? (toStanding ? undefined : to) }))}
      />
      <span className="mut">to</span>
      <DayPicker
        label="To"
        value={to}
        last={today}
        quick={[["The page's moment", today]]}
        onPick={(day) => set((search) => ({ ...search, from: day && from >= day ? lastMonday(day) : from, to: day === today ? undefined : day }))}
      />
    </span>
  );
}

/** Deals whose close date moved: no amount changed, so they are no bar. */
function DateMoves({ bridge }: { bridge: Bridge }) {
  return (
    <span>
      Moved in time, total unchanged:{" "}
      {bridge.dates.map((move, index) => (
        <span key={move.movement} title={move.meaning}>
          {index > 0 ? ", " : ""}
          {move.rows > 0 ? (
            <Link
              to="/bridge"
              search={(search: Record<string, unknown>) => ({ ...search, movement: move.movement, of: undefined, key: undefined })}
              hash="deals"
              replace
              className="drill num"
            >
              {count(move.rows)} {movementLabel(move.movement).toLowerCase()}
            </Link>
          ) : (
            `0 ${movementLabel(move.movement).toLowerCase()}`
          )}
        </span>
      ))}
    </span>
  );
}

function Evidence({ bridge, cut }: { bridge: Bridge; cut: string | null }) {
  const gap = gapOf(bridge);
  return (
    <>
      <DateMoves bridge={bridge} />
      {cut ? <span className="hide-sm">Axis starts at {cut}</span> : null}
      {bridge.unpriced > 0 ? (
        <span className="warn" title="No amount, no currency, or no exchange rate: counted, left out of the sums">
          {plural(bridge.unpriced, "deal")} without a price
        </span>
      ) : null}
      <DataAsOf times={bridge.data_as_of} />
      <span className="end">
        {compareDecimal(gap, "0") === 0 ? "Opening plus the movements is closing, to the minor unit" : `Off by ${gap}`}
      </span>
    </>
  );
}

export function BridgePage({ by, movement, group }: { by: Grouping; movement: string | undefined; group: { by: string; key: string } | undefined }) {
  const query = useBridge();
  const span = useSpan();
  const copyLink = useCopyLink();
  const [table, setTable] = useState(false);
  const bridge = query.data;
  const steps = bridge ? stepsOf(bridge) : [];
  const shown = drawn(steps);
  const scale = scaleOf(shown);
  return (
    <Page title="Bridge">
      <div className="head">
        <FilterBar fields={FIELDS} />
        <span className="end row w">
          <Dates />
          <button type="button" className="btn g hide-sm" onClick={copyLink}>
            <Icon name="link" />
            Copy link
          </button>
        </span>
      </div>
      <div className="stack">
        <Panel
          title={
            <span className="row gap4">
              Open pipeline, {dayLong(span.from)} to {span.live ? "now" : dayLong(span.to)}
              <Definition slug="open-pipeline" result={undefined} label="Open pipeline" />
            </span>
          }
          aside={bridge ? <span className="num m">{moneyChange(difference(bridge.closing.value, bridge.opening.value), bridge.currency)}</span> : null}
          actions={
            <>
              <CsvButton
                name={`bridge-${span.from}-${span.to}`}
                what="Bridge"
                rows={() => [
                  ["Step", "Value", "Currency", "Deals", "Meaning"],
                  ...steps.map((step) => [step.label, step.value, bridge?.currency, step.rows, step.meaning]),
                ]}
              />
              <TableToggle table={table} onChange={setTable} />
            </>
          }
          evidence={bridge ? <Evidence bridge={bridge} cut={scale.from > 0 && !table ? money(String(scale.from), bridge.currency) : null} /> : null}
        >
          <Loaded query={query} skeleton={<SkeletonRows rows={7} widths={[72, 0, 88]} />}>
            {(data) =>
              shown.every((step) => step.rows === 0) ? (
                <Empty icon="bridge" title="Nothing was open between these dates">
                  Choose an earlier first date, or remove a filter.
                </Empty>
              ) : table ? (
                <MovesTable steps={steps} currency={data.currency} />
              ) : (
                <div className="pb">
                  <Waterfall steps={shown} currency={data.currency} chosen={group ? undefined : movement} />
                </div>
              )
            }
          </Loaded>
        </Panel>
        {bridge && movement ? <DealsPanel bridge={bridge} movement={movement} group={group} /> : null}
        <GroupsPanel by={by} />
      </div>
    </Page>
  );
}
