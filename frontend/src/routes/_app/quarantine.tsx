import { createFileRoute } from "@tanstack/react-router";
import { QuarantinePage } from "@/features/quarantine/quarantine-page";

export const Route = createFileRoute("/_app/quarantine")({ component: QuarantinePage });
