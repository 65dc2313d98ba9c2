import { createFileRoute, notFound } from "@tanstack/react-router";
import { RecordsPage } from "@/features/records/records-page";
import { typeOfPath } from "@/lib/nouns";

function Records() {
  const type = typeOfPath(Route.useParams().type);
  // A list per noun: nothing of one list (the row under the keyboard) goes over to the next.
  return type ? <RecordsPage key={type} type={type} /> : null;
}

export const Route = createFileRoute("/_app/records/$type/")({
  beforeLoad: ({ params }) => {
    if (!typeOfPath(params.type)) throw notFound();
  },
  component: Records,
});
