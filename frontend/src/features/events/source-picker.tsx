import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { sourcesQuery } from "@/api/sources";
import { useSetSearch } from "@/components/filter-bar";
import { Icon } from "@/components/icon";
import { Popover } from "@/components/popover";
import { SourceBadge, sourceName } from "@/components/source";
import { useHotkeys } from "@/lib/hotkeys";
import { filterKey, toggleValue, valuesOf } from "@/lib/search";
import { usePageSearch } from "@/lib/page-search";

const TYPES = ["opportunity", "account", "contact", "owner", "quota", "invoice", "exchange_rate"];

/** Narrows events down to sources and record types. */
export function SourcePicker() {
  const search = usePageSearch();
  const set = useSetSearch();
  const { data } = useQuery(sourcesQuery);
  const [open, setOpen] = useState(false);
  useHotkeys({ f: () => setOpen(true) });
  const box = (field: string, value: string, words: React.ReactNode) => (
    <label key={value}>
      <input
        type="checkbox"
        className="tick-box"
        checked={valuesOf(search, field).includes(value)}
        onChange={() => set((current) => toggleValue(current, field, value))}
      />
      {words}
    </label>
  );
  return (
    <Popover
      label="Filter events"
      className="pop menu"
      open={open}
      onOpenChange={setOpen}
      trigger={
        <button type="button" className="chip add">
          <Icon name="plus" size={12} />
          <span style={{ marginLeft: 4 }}>Filter</span>
          <kbd className="hide-sm bare">F</kbd>
        </button>
      }
    >
      <span className="xs mut menu-note">Source</span>
      {data?.items.map((item) =>
        box(
          "source",
          item.source,
          <>
            <SourceBadge source={item.source} label={item.label} />
            {sourceName(item.source, item.label)}
          </>,
        ),
      )}
      <span className="xs mut menu-note">Record type</span>
      {TYPES.map((type) => box("record_type", type, type.replace("_", " ")))}
      {search[filterKey("source_id")] ? null : <span className="xs mut menu-note">A record’s page lists its own events.</span>}
    </Popover>
  );
}
