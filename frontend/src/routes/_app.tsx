import { createFileRoute, Outlet, redirect, retainSearchParams, useRouter } from "@tanstack/react-router";
import * as z from "zod/mini";
import { meQuery } from "@/api/auth";
import { Failure } from "@/components/states";
import { Shell } from "@/components/shell/shell";

const day = z.catch(z.optional(z.string().check(z.regex(/^\d{4}-\d{2}-\d{2}/))), undefined);

/** What every page's address may hold; a page adds its own. */
const appSearch = z.looseObject({ as_of: day, known: z.catch(z.optional(z.literal("then")), undefined) });

/** The session could not be asked for: the API is away. */
function Unreachable({ error }: { error: unknown }) {
  const router = useRouter();
  return (
    <main id="main" className="alone">
      <h1 className="big">SalesCommand did not answer</h1>
      <Failure error={error} onRetry={() => void router.invalidate()} />
    </main>
  );
}

export const Route = createFileRoute("/_app")({
  validateSearch: appSearch,
  search: { middlewares: [retainSearchParams(["as_of", "known"])] },
  beforeLoad: async ({ context, location }) => {
    const me = await context.queries.query({ ...meQuery, staleTime: "static" });
    if (!me) {
      const next = location.href === "/" ? {} : { next: location.href };
      throw redirect({ to: "/sign-in", search: next });
    }
  },
  errorComponent: Unreachable,
  component: () => (
    <Shell>
      <Outlet />
    </Shell>
  ),
});
