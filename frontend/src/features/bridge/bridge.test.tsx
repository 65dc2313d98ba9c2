import { screen, waitFor, within } from "@testing-library/react";
import { http } from "msw";
import { problem } from "@/mocks/handlers";
import { renderApp } from "@/test/app";
import { server } from "@/test/setup";

const DATES = "from=2026-01-31&to=2026-06-30";

describe("Bridge", () => {
  it("shows the same numbers as a chart and as a table, which add up", async () => {
    const { user } = renderApp(`/bridge?${DATES}`);
    expect((await screen.findAllByRole("link", { name: /^New: \+\$[\d,]+, \d+ deals/ }))[0]).toBeVisible();
    expect(screen.getByText("Opening plus the movements is closing, to the minor unit")).toBeVisible();
    await user.click(screen.getByRole("button", { name: "Show as table" }));
    const table = await screen.findByRole("region", { name: "Bridge, table" });
    expect(within(table).getByText("Open on 31 January 2026")).toBeVisible();
    expect(within(table).getByText("Reopened")).toBeVisible();
  });

  it("opens the deals of a step, and of one team's step", async () => {
    const { user, address } = renderApp(`/bridge?${DATES}`);
    const grew = await screen.findAllByRole("link", { name: /^Increased: / });
    await user.click(grew[0] as HTMLElement);
    await waitFor(() => expect(address()).toContain("movement=grew"));
    const deals = await screen.findByRole("region", { name: "Increased, deals" });
    expect((await within(deals).findAllByText("+$1,000")).length).toBeGreaterThan(5);
    const teams = await screen.findByRole("region", { name: "Bridge by team, table" });
    const uk = within(teams).getByRole("row", { name: /^UK/ });
    await user.click(within(uk).getAllByRole("link", { name: /^\+/ })[0] as HTMLElement);
    await waitFor(() => expect(address()).toMatch(/of=team&key=UK/));
  });

  it("opens both ends at their own dates", async () => {
    renderApp(`/bridge?${DATES}`);
    const ends = await screen.findAllByRole("link", { name: /What all open deals were worth at the/ });
    expect(ends[0]).toHaveAttribute("href", expect.stringContaining("as_of=2026-01-31"));
    expect(ends[1]).toHaveAttribute("href", expect.stringContaining("as_of=2026-06-30"));
  });

  it("ends at the moment of the page, and never after it", async () => {
    renderApp("/bridge?from=2026-01-31&to=2026-06-30&as_of=2026-03-31");
    expect(await screen.findByRole("button", { name: "To: 31 March 2026" })).toBeVisible();
  });

  it("keeps a chosen first date in the address", async () => {
    const { user, address } = renderApp("/bridge");
    await user.click(await screen.findByRole("button", { name: /^From: / }));
    await user.click(await screen.findByRole("button", { name: "End of last quarter" }));
    await waitFor(() => expect(address()).toMatch(/\/bridge\?from=\d{4}-\d\d-\d\d/));
  });

  it("tells of a refusal in the API's words", async () => {
    server.use(http.get("*/api/metrics/bridge", () => problem(400, "Bad parameter", "from: is after to", "Swap them.")));
    renderApp(`/bridge?${DATES}`);
    expect((await screen.findAllByText(/is after to/))[0]).toBeVisible();
  });
});
