import { stringifySearch } from "@/lib/search";
import { Icon } from "./icon";

/** All that matches as a file, streamed by the API however long it is. */
export function ExportLink({ path, search, what }: { path: string; search: Record<string, unknown>; what: string }) {
  return (
    <a className="btn g hide-sm" href={`${path}${stringifySearch({ ...search, format: "csv" })}`} download aria-label={`${what} as CSV`}>
      <Icon name="download" />
      CSV
    </a>
  );
}
