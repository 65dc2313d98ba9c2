import { QueryClientProvider, type QueryClient } from "@tanstack/react-query";
import { createMemoryHistory, RouterProvider } from "@tanstack/react-router";
import { render } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { ToastProvider } from "@/components/toast";
import { makeQueryClient, makeRouter } from "@/router";

export interface App {
  queries: QueryClient;
  user: ReturnType<typeof userEvent.setup>;
  /** The address as it stands, path and query. */
  address: () => string;
}

/** The whole application at an address, against the made-up company of the mocks. */
export function renderApp(path: string): App {
  const queries = makeQueryClient();
  const defaults = queries.getDefaultOptions();
  queries.setDefaultOptions({ ...defaults, queries: { ...defaults.queries, retry: false } });
  const router = makeRouter(queries);
  router.update({ ...router.options, history: createMemoryHistory({ initialEntries: [path] }) });
  render(
    <QueryClientProvider client={queries}>
      <ToastProvider>
        <RouterProvider router={router} />
      </ToastProvider>
    </QueryClientProvider>,
  );
  return { queries, user: userEvent.setup(), address: () => router.state.location.href };
}
