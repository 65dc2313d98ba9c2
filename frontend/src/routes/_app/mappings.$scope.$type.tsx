import { createFileRoute } from "@tanstack/react-router";
import { MappingPage } from "@/features/mappings/mapping-page";

function Mapping() {
  const { scope, type } = Route.useParams();
  return <MappingPage key={`${scope} ${type}`} scope={scope} type={type} />;
}

export const Route = createFileRoute("/_app/mappings/$scope/$type")({ component: Mapping });
