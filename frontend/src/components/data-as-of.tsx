import { momentShort, parseTime } from "@/lib/format";
import { Icon } from "./icon";
import { sourceName } from "./source";

/** "Data as of 09:41, oldest source Pipedrive 08:57": the watermark of the answer, never the time of the query. */
export function DataAsOf({ times }: { times: Record<string, string | null> | undefined }) {
  const known = Object.entries(times ?? {})
    .filter((entry): entry is [string, string] => parseTime(entry[1]) !== null)
    .sort((a, b) => (parseTime(a[1])?.getTime() ?? 0) - (parseTime(b[1])?.getTime() ?? 0));
  const oldest = known[0];
  const newest = known.at(-1);
  if (!oldest || !newest) return null;
  return (
    <span>
      <Icon name="clock" size={12} />
      Data as of {momentShort(newest[1])}
      {known.length > 1 ? `, oldest source ${sourceName(oldest[0])} ${momentShort(oldest[1])}` : ""}
    </span>
  );
}
