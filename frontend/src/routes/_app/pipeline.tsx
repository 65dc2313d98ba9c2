import { createFileRoute } from "@tanstack/react-router";
import * as z from "zod/mini";
import { PipelinePage } from "@/features/pipeline/pipeline-page";

const search = z.looseObject({
  by: z.catch(z.optional(z.enum(["owner", "team", "source", "month"])), undefined),
  show: z.catch(z.optional(z.enum(["value", "deals", "weighted"])), undefined),
});

function Pipeline() {
  const { by, show } = Route.useSearch();
  return <PipelinePage dimension={by ?? "owner"} measure={show ?? "value"} />;
}

export const Route = createFileRoute("/_app/pipeline")({ validateSearch: search, component: Pipeline });
