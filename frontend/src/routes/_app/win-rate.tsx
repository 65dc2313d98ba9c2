import { createFileRoute } from "@tanstack/react-router";
import * as z from "zod/mini";
import { WinRatePage } from "@/features/win-rate/win-rate-page";

const search = z.looseObject({
  by: z.catch(z.optional(z.enum(["team", "owner", "source", "segment", "lead_source"])), undefined),
  show: z.catch(z.optional(z.enum(["deals", "value"])), undefined),
  period: z.catch(z.optional(z.enum(["90", "180", "365"])), undefined),
  compare: z.catch(z.optional(z.string().check(z.regex(/^\d{4}-\d{2}-\d{2}$/))), undefined),
});

function WinRate() {
  const { by, show, period, compare } = Route.useSearch();
  return <WinRatePage dimension={by ?? "team"} measure={show ?? "deals"} period={period ?? "365"} compare={compare} />;
}

export const Route = createFileRoute("/_app/win-rate")({ validateSearch: search, component: WinRate });
