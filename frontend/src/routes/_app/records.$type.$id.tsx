import { createFileRoute, notFound } from "@tanstack/react-router";
import { RecordPage } from "@/features/records/record-page";
import { typeOfPath } from "@/lib/nouns";

function Record() {
  const { type: path, id } = Route.useParams();
  const type = typeOfPath(path);
  return type ? <RecordPage type={type} id={id} /> : null;
}

export const Route = createFileRoute("/_app/records/$type/$id")({
  beforeLoad: ({ params }) => {
    if (!typeOfPath(params.type)) throw notFound();
  },
  component: Record,
});
