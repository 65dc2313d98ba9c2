import { createFileRoute } from "@tanstack/react-router";
import * as z from "zod/mini";
import { EventPage } from "@/features/events/event-page";

const search = z.looseObject({
  field: z.catch(z.optional(z.string()), undefined),
  rows: z.catch(z.optional(z.string()), undefined),
  view: z.catch(z.optional(z.enum(["exact", "laid-out", "hex"])), undefined),
});

function Event() {
  const { id } = Route.useParams();
  const { field, rows, view } = Route.useSearch();
  return <EventPage key={id} id={id} field={field} rows={rows} view={view ?? "exact"} />;
}

export const Route = createFileRoute("/_app/events/$id")({ validateSearch: search, component: Event });
