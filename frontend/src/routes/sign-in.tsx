import { createFileRoute, redirect, useNavigate, useRouter } from "@tanstack/react-router";
import { useCallback, useState } from "react";
import * as z from "zod/mini";
import { meQuery } from "@/api/auth";
import { LinkSignIn, SignInPage } from "@/features/sign-in/sign-in-page";

const search = z.object({
  token: z.catch(z.optional(z.string()), undefined),
  /** Where to go after; only addresses of this site. */
  next: z.catch(z.optional(z.string().check(z.regex(/^\/(?![/\\])/))), undefined),
});

/** Links carry the token in the query or, so that no server log sees it, after the #. */
function tokenOfHash(): string | undefined {
  return new URLSearchParams(location.hash.replace(/^#/, "")).get("token") ?? undefined;
}

function SignIn() {
  const { token, next } = Route.useSearch();
  const { queries } = Route.useRouteContext();
  const navigate = useNavigate();
  const router = useRouter();
  const [secret] = useState(() => token ?? tokenOfHash());
  const done = useCallback(() => {
    const me = queries.getQueryData(meQuery.queryKey);
    if (me?.needs_password) void navigate({ to: "/password" });
    else router.history.push(next ?? "/");
  }, [navigate, router, next, queries]);
  return secret ? <LinkSignIn token={secret} onDone={done} /> : <SignInPage onDone={done} />;
}

export const Route = createFileRoute("/sign-in")({
  validateSearch: search,
  beforeLoad: async ({ context, search: { token, next } }) => {
    if (token || tokenOfHash()) return;
    // Signed in already: on to where the person wanted to go. Being unreachable is told by the form itself.
    const me = await context.queries.query(meQuery).catch(() => null);
    if (me) throw redirect({ href: next ?? "/" });
  },
  component: SignIn,
});
