import { screen, waitFor, within } from "@testing-library/react";
import { renderApp } from "@/test/app";
import { cutOf } from "./cuts";

describe("Win rate", () => {
  it("opens the rows of each line, won and closed", async () => {
    const { user, address } = renderApp("/win-rate");
    const table = await screen.findByRole("region", { name: "Win rate by team, table" });
    const line = (await within(table).findAllByRole("row"))[1] as HTMLElement;
    expect(within(line).getAllByRole("link")[1]).toHaveAttribute("href", expect.stringMatching(/filter\[status\]=won,lost.*filter\[team\]=/));
    await user.click(screen.getByRole("button", { name: "Owner" }));
    await waitFor(() => expect(address()).toBe("/win-rate?by=owner"));
    expect(await screen.findByRole("region", { name: "Win rate by owner, table" })).toBeVisible();
  });

  it("compares with an earlier day, which the address keeps", async () => {
    const { user, address } = renderApp("/win-rate");
    await user.click(await screen.findByRole("button", { name: "Compare with: Compare" }));
    await user.click(await screen.findByRole("button", { name: "A quarter ago" }));
    await waitFor(() => expect(address()).toMatch(/compare=\d{4}-\d\d-\d\d/));
    expect((await screen.findAllByText(/as it stood then/))[0]).toBeVisible();
  });

  it("shows months as a chart and as a table", async () => {
    const { user } = renderApp("/win-rate");
    await user.click(await screen.findByRole("button", { name: "Show as table" }));
    expect(within(await screen.findByRole("region", { name: "Win rate by month, table" })).getAllByRole("row")).toHaveLength(13);
  });

  it("asks for a period of the same length on the day compared with, and for none after the page's day", () => {
    const cut = cutOf("team", "deals", "90", "2026-11-30", "2026-08-31");
    expect(cut.period).toEqual({ from: "2026-09-02", to: "2026-11-30" });
    expect(cut.base).toEqual({ day: "2026-08-31", period: { from: "2026-06-03", to: "2026-08-31" } });
    expect(cutOf("team", "deals", "90", "2026-11-30", "2026-12-24").base).toBeUndefined();
  });
});
