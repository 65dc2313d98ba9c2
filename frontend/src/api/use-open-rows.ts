import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useStanding } from "@/lib/as-of";
import { drillTo } from "@/lib/drill";
import { metricQuery } from "./metrics";

/** Goes to the rows behind a metric, wherever its answer says that they are. `onFailure` is told why not. */
export function useOpenRows(onFailure: (why: string) => void): (slug: string) => void {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const { parameters } = useStanding();
  return (slug) => {
    queries.query(metricQuery(slug, parameters)).then(
      (result) => {
        const drill = drillTo(result.drill, slug);
        if (drill) void navigate({ to: "/records/$type", params: { type: drill.type }, search: drill.search });
      },
      (error: unknown) => onFailure(error instanceof Error ? error.message : String(error)),
    );
  };
}
