import type { QueryClient } from "@tanstack/react-query";
import { createRootRouteWithContext, Link, Outlet } from "@tanstack/react-router";

function NotFound() {
  return (
    <main id="main" className="alone">
      <h1 className="big">This page does not exist</h1>
      <p className="mut">The address may be mistyped, or what it named is gone.</p>
      <Link className="btn" to="/">
        Open the overview
      </Link>
    </main>
  );
}

export const Route = createRootRouteWithContext<{ queries: QueryClient }>()({
  component: Outlet,
  notFoundComponent: NotFound,
});
