import { screen, waitFor, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { problem } from "@/mocks/handlers";
import { renderApp } from "@/test/app";
import { server } from "@/test/setup";

describe("Overview", () => {
  it("shows four numbers that open to their rows", async () => {
    renderApp("/");
    const keys = await screen.findByRole("region", { name: "Key numbers" });
    const open = await within(keys).findByRole("link", { name: /\$15\.\dM/ });
    expect(open).toHaveAttribute("href", expect.stringContaining("/records/opportunities?filter[status]=open"));
    expect(await within(keys).findByText("Win rate, 90 days")).toBeVisible();
    expect(await within(keys).findByText(/without a price/)).toBeVisible();
  });

  it("draws stages in the order of their odds, with the total last", async () => {
    renderApp("/");
    const panel = await screen.findByRole("region", { name: "Pipeline by stage" });
    await within(panel).findAllByText("Verbal");
    const heads = within(panel).getAllByRole("rowheader").map((cell) => cell.textContent);
    expect(heads).toEqual(["Qualified", "Discovery", "Proposal", "Negotiation", "Verbal", "Open pipeline"]);
  });

  it("opens a definition with formula and owner", async () => {
    const { user } = renderApp("/");
    await user.click(await screen.findByRole("button", { name: "What Open pipeline means" }));
    expect(await screen.findByText("What all open deals are worth together.")).toBeVisible();
    expect(screen.getByText("sum of amount of open deals")).toBeVisible();
  });

  it("shows the same figures as a table", async () => {
    const { user } = renderApp("/");
    await user.click(await screen.findByRole("button", { name: "Show as table" }));
    const table = await screen.findByRole("region", { name: "Won by month, table" });
    expect(within(table).getAllByRole("row")).toHaveLength(14);
  });

  it("keeps old figures with their age when the lake goes away", async () => {
    const { queries } = renderApp("/");
    await screen.findByRole("link", { name: /\$15\.\dM/ });
    server.use(http.get("*/api/metrics/:slug", () => problem(503, "The lake is unavailable", "ClickHouse did not answer.", "Ingest goes on.")));
    await queries.refetchQueries({ queryKey: ["metric"] });
    expect((await screen.findAllByText(/Figures from \d\d:\d\d are kept below/)).length).toBeGreaterThan(0);
    expect(screen.getByRole("link", { name: /\$15\.\dM/ })).toBeVisible();
    expect(screen.getByText("Books balance")).toBeVisible();
  });

  it("explains a failure and tries again", async () => {
    server.use(http.get("*/api/metrics/:slug", () => problem(503, "The lake is unavailable", "ClickHouse did not answer.")));
    const { user } = renderApp("/");
    expect((await screen.findAllByText(/ClickHouse did not answer/)).length).toBeGreaterThan(0);
    server.resetHandlers();
    for (const retry of screen.getAllByRole("button", { name: "Retry" })) await user.click(retry);
    expect(await screen.findByRole("link", { name: /\$15\.\dM/ })).toBeVisible();
  });

  it("leads a new workspace to its first event", async () => {
    server.use(http.get("*/api/sources", () => HttpResponse.json({ items: [] })));
    const { user } = renderApp("/");
    await user.click(await screen.findByRole("button", { name: "Make a key for demo" }));
    expect(await screen.findByText(/Bearer sc_wk_preview/)).toBeVisible();
    expect(screen.getByText(/Waiting for the first event/)).toBeVisible();
  });

  it("keeps filters in the address and takes them away as chips", async () => {
    const { user, address } = renderApp("/?filter[team]=UK");
    await user.click(await screen.findByRole("button", { name: "Remove filter Team UK" }));
    await waitFor(() => expect(address()).toBe("/"));
  });

  it("stands in the past as a whole and comes back with Escape", async () => {
    const asked: string[] = [];
    server.events.on("request:start", ({ request }) => void asked.push(request.url));
    const { user, address } = renderApp("/?as_of=2026-09-01");
    expect(await screen.findByText(/As of 1 September 2026, end of day/)).toBeVisible();
    await screen.findByRole("link", { name: /\$15\.\dM/ });
    const metrics = asked.filter((url) => url.includes("/api/metrics/open-pipeline"));
    expect(metrics.length).toBeGreaterThan(0);
    expect(metrics.every((url) => url.includes("as_of=2026-"))).toBe(true);
    expect(screen.getAllByRole("link", { name: "Pipeline" })[0]).toHaveAttribute("href", "/pipeline?as_of=2026-09-01");
    await user.keyboard("{Escape}");
    await waitFor(() => expect(address()).toBe("/"));
    server.events.removeAllListeners();
  });
});
