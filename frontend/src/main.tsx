import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { meQuery } from "./api/auth";
import { onSignedOut } from "./api/client";
import { ToastProvider } from "./components/toast";
import { watchSystemTheme } from "./lib/theme";
import { makeQueryClient, makeRouter } from "./router";
import "./styles/index.css";

const queries = makeQueryClient();
const router = makeRouter(queries);

onSignedOut(() => {
  // The session ended elsewhere: the guard of the routes sends to the sign-in and keeps the way back.
  if (queries.getQueryData(meQuery.queryKey) === null) return;
  queries.setQueryData(meQuery.queryKey, null);
  void router.invalidate();
});
watchSystemTheme();

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no element #root");
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <ToastProvider>
        <RouterProvider router={router} />
      </ToastProvider>
    </QueryClientProvider>
  </StrictMode>,
);
