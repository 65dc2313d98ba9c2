import { createFileRoute } from "@tanstack/react-router";
import * as z from "zod/mini";
import { TeamPage } from "@/features/team/team-page";

const search = z.looseObject({
  by: z.catch(z.optional(z.enum(["owner", "team", "manager"])), undefined),
  period: z.catch(z.optional(z.enum(["this", "last", "year"])), undefined),
});

function Team() {
  const { by, period } = Route.useSearch();
  return <TeamPage by={by ?? "owner"} periodKey={period ?? "this"} />;
}

export const Route = createFileRoute("/_app/team")({ validateSearch: search, component: Team });
