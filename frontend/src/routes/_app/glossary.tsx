import { createFileRoute } from "@tanstack/react-router";
import * as z from "zod/mini";
import { MetricsPage } from "@/features/metrics/metrics-page";

const search = z.looseObject({ q: z.catch(z.optional(z.string()), undefined) });

function Metrics() {
  return <MetricsPage q={Route.useSearch().q ?? ""} />;
}

export const Route = createFileRoute("/_app/glossary")({ validateSearch: search, component: Metrics });
