import { createFileRoute } from "@tanstack/react-router";
import { MappingsPage } from "@/features/mappings/mappings-page";

export const Route = createFileRoute("/_app/mappings/")({ component: MappingsPage });
