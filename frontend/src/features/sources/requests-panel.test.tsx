import { screen, waitFor, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import type { RecentRequest } from "@/api/types";
import { problem } from "@/mocks/handlers";
import { recentRequest } from "@/mocks/sources";
import { renderApp } from "@/test/app";
import { server } from "@/test/setup";

const table = () => screen.findByRole("region", { name: "Latest requests, table" });

/** Answers with what is in the list at the time, and counts how often it was asked. */
function answering(items: RecentRequest[]): { asked: number } {
  const seen = { asked: 0 };
  server.use(
    http.get("*/api/sources/hubspot/requests", () => {
      seen.asked += 1;
      return HttpResponse.json({ items, instance: 0 });
    }),
  );
  return seen;
}

describe("Latest requests of a source", () => {
  it("says what became of each, and why", async () => {
    renderApp("/sources/hubspot");
    const rows = within(await table()).getAllByRole("row");
    expect(rows).toHaveLength(5);
    expect(rows[2]).toHaveTextContent(/the id is longer than 256 characters.*Partly 200.*98.*0.*2$/);
    expect(rows[3]).toHaveTextContent("It was here already and was kept once.");
    expect(rows[4]).toHaveTextContent("The signature is wrong, or the key is for something else.");
    expect(await screen.findByText(/Following, 4 requests, 2 refused/)).toBeVisible();
  });

  it("filters to failures", async () => {
    const { user } = renderApp("/sources/hubspot");
    await table();
    await user.click(screen.getByRole("button", { name: "Failures" }));
    expect(within(await table()).getAllByRole("row")).toHaveLength(3);
  });

  it("is content when nothing failed", async () => {
    answering([recentRequest()]);
    const { user } = renderApp("/sources/hubspot");
    await table();
    await user.click(screen.getByRole("button", { name: "Failures" }));
    expect(screen.getByText("The one request was taken whole.")).toBeVisible();
  });

  it("follows what comes, and stands still when told to", async () => {
    const items: RecentRequest[] = [];
    const seen = answering(items);
    const { user } = renderApp("/sources/hubspot");
    expect(await screen.findByLabelText("Command that posts a test event")).toHaveTextContent(/ingest\/hubspot\/test/);
    items.push(recentRequest());
    expect(await table()).toBeVisible();
    await user.click(screen.getByRole("button", { name: "Pause" }));
    expect(screen.getByText(/Standing still/)).toBeVisible();
    const before = seen.asked;
    await new Promise((resolve) => setTimeout(resolve, 2500));
    expect(seen.asked).toBe(before);
    await user.click(screen.getByRole("button", { name: "Follow" }));
    await waitFor(() => expect(seen.asked).toBeGreaterThan(before));
  });

  it("says what failed, with a retry", async () => {
    server.use(http.get("*/api/sources/hubspot/requests", () => problem(503, "Away", "The store did not answer.")));
    renderApp("/sources/hubspot");
    expect(await screen.findByText("The store did not answer.")).toBeVisible();
    expect(screen.getByRole("button", { name: "Retry" })).toBeVisible();
  });
});
