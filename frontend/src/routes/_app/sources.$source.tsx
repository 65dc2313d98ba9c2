import { createFileRoute } from "@tanstack/react-router";
import { SourcePage } from "@/features/sources/source-page";

function Source() {
  const { source } = Route.useParams();
  return <SourcePage key={source} source={source} />;
}

export const Route = createFileRoute("/_app/sources/$source")({ component: Source });
