import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { recordQuery } from "@/api/records";
import { settingsQuery } from "@/api/settings";
import { useCopyLink } from "@/components/shell/shell";
import { Icon, type IconName } from "@/components/icon";
import { SourceBadge } from "@/components/source";
import { Loaded, SkeletonRows } from "@/components/states";
import { standingOf } from "@/lib/as-of";
import { useHotkeys } from "@/lib/hotkeys";
import { NOUNS, titleOf, type RecordType } from "@/lib/nouns";
import { rowsOf } from "@/lib/trail";
import { usePageSearch } from "@/lib/page-search";
import { FieldsPart, HistoryPart, QualityPart, RelatedPart, Summary } from "./record-parts";

interface Props {
  type: RecordType;
  id: string;
  /** "22 of 166", when the record is in the list. */
  position: string | null;
  onPrevious: (() => void) | null;
  onNext: (() => void) | null;
  onClose: () => void;
  onExpand: () => void;
}

function Tool({ icon, label, onClick }: { icon: IconName; label: string; onClick: (() => void) | null }) {
  return (
    <button type="button" className="btn g i" aria-label={label} disabled={onClick === null} onClick={onClick ?? undefined}>
      <Icon name={icon} />
    </button>
  );
}

/** A record beside its list. Escape closes it; the list's keys go on working. */
export function RecordSheet({ type, id, position, onPrevious, onNext, onClose, onExpand }: Props) {
  const search = usePageSearch();
  const query = useQuery(recordQuery(type, id, standingOf(search).parameters));
  const { data: settings } = useQuery(settingsQuery);
  const copyLink = useCopyLink();
  const sheet = useRef<HTMLElement>(null);
  const body = useRef<HTMLDivElement>(null);
  const rows = rowsOf(search);
  useEffect(() => {
    // Where the sheet covers the list, the focus goes with it.
    if (window.matchMedia("(max-width: 1180px)").matches) sheet.current?.focus({ preventScroll: true });
    body.current?.scrollTo(0, 0);
  }, [id]);
  useHotkeys(
    {
      Escape: () => {
        onClose();
        return true;
      },
      "[": () => onPrevious?.(),
      "]": () => onNext?.(),
      o: onExpand,
    },
    "sheet",
  );
  const record = query.data;
  return (
    <aside className="sheet" ref={sheet} tabIndex={-1} aria-label={record ? `${NOUNS[type].title}: ${titleOf(record)}` : "Record"}>
      <header>
        <div className="row">
          <span className="mut num xs tr mono">{record?.source_id ?? ""}</span>
          {record ? <SourceBadge source={record.source} /> : null}
          {position ? <span className="mut xs nw">{position}</span> : null}
          <span className="end row gap4">
            <Tool icon="left" label="Previous record" onClick={onPrevious} />
            <Tool icon="right" label="Next record" onClick={onNext} />
            <Tool icon="link" label="Copy link" onClick={copyLink} />
            <Tool icon="expand" label="Open as a page" onClick={onExpand} />
            <Tool icon="close" label="Close" onClick={onClose} />
          </span>
        </div>
        <h2 className="big tr" style={{ marginTop: 4 }}>
          {record ? titleOf(record) : " "}
        </h2>
        {record ? <Summary record={record} /> : null}
      </header>
      <div className="body" ref={body} role="region" aria-label="Record details" tabIndex={0}>
        <Loaded query={query} skeleton={<SkeletonRows rows={10} widths={[88, 0, 96]} />}>
          {(data) => (
            <>
              <FieldsPart record={data} rows={rows} />
              <HistoryPart record={data} rows={rows} />
              <QualityPart record={data} />
              <RelatedPart record={data} currency={settings?.reporting_currency ?? ""} />
            </>
          )}
        </Loaded>
      </div>
    </aside>
  );
}
