import { createFileRoute } from "@tanstack/react-router";
import * as z from "zod/mini";
import { BridgePage } from "@/features/bridge/bridge-page";

const day = z.catch(z.optional(z.string().check(z.regex(/^\d{4}-\d{2}-\d{2}/))), undefined);
const text = z.catch(z.optional(z.string()), undefined);

const search = z.looseObject({
  from: day,
  to: day,
  by: z.catch(z.optional(z.enum(["team", "owner", "stage", "source"])), undefined),
  movement: text,
  of: text,
  key: text,
});

function Bridge() {
  const { by, movement, of, key } = Route.useSearch();
  return <BridgePage by={by ?? "team"} movement={movement} group={of ? { by: of, key: key ?? "" } : undefined} />;
}

export const Route = createFileRoute("/_app/bridge")({ validateSearch: search, component: Bridge });
