import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { client, dataOf } from "./client";
import type { StartedJob } from "./types";

const ACTIVE = ["queued", "running"];

/** Rebuilds, backups and the like, the newest first; asked often while one of them is on its way. */
export const jobsQuery = queryOptions({
  queryKey: ["jobs"],
  queryFn: ({ signal }) => dataOf(client.GET("/api/jobs", { signal })),
  refetchInterval: ({ state }: { state: { data: { items: StartedJob[] } | undefined } }) =>
    state.data?.items.some((job) => ACTIVE.includes(job.state)) ? 1_000 : 15_000,
});

/** Starts a backup, or does something about a job that was started. */
export function useJobs() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (wanted: { verb: "cancel" | "retry"; job: StartedJob } | { verb: "backup" }) => {
      if (wanted.verb === "backup") return dataOf(client.POST("/api/backups"));
      const at = { params: { path: { job_id: wanted.job.id } } };
      return dataOf(
        wanted.verb === "cancel" ? client.POST("/api/jobs/{job_id}/cancel", at) : client.POST("/api/jobs/{job_id}/retry", at),
      );
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ["jobs"] }),
  });
}
