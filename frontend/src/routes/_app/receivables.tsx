import { createFileRoute } from "@tanstack/react-router";
import { ReceivablesPage } from "@/features/receivables/receivables-page";

export const Route = createFileRoute("/_app/receivables")({ component: ReceivablesPage });
