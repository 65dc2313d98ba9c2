import { screen, waitFor, within } from "@testing-library/react";
import { renderApp } from "@/test/app";

describe("Metrics", () => {
  it("lists every metric with formula, unit and dimensions, and finds some", async () => {
    const { user, address } = renderApp("/glossary");
    const entry = await screen.findByRole("article", { name: "Win rate" });
    expect(within(entry).getByText("won ÷ (won + lost)")).toBeVisible();
    expect(within(entry).getByText("a share, 0 to 100%")).toBeVisible();
    expect(within(entry).getByText("stage, owner, team, source, month")).toBeVisible();
    await user.type(screen.getByLabelText("Find a metric"), "weighted");
    await waitFor(() => expect(screen.queryByRole("article", { name: "Win rate" })).not.toBeInTheDocument());
    expect(address()).toBe("/glossary?q=weighted");
  });

  it("shows the value of the one that was linked to, which opens", async () => {
    renderApp("/glossary#won-count");
    const entry = await screen.findByRole("article", { name: "Won deals" });
    expect(await within(entry).findByRole("link", { name: /^\d+$/ })).toHaveAttribute("href", expect.stringContaining("filter[status]=won"));
  });

  it("is where definitions lead", async () => {
    const { user, address } = renderApp("/win-rate");
    await user.click(await screen.findByRole("button", { name: "What Win rate means" }));
    await user.click(await screen.findByRole("link", { name: "In the glossary of metrics" }));
    await waitFor(() => expect(address()).toBe("/glossary#win-rate"));
  });

  it("opens the rows of a metric", async () => {
    const { user, address } = renderApp("/glossary");
    await user.click(await screen.findByRole("button", { name: "Open the rows of Open pipeline" }));
    await waitFor(() => expect(address()).toContain("/records/opportunities?filter[status]=open"));
  });
});
