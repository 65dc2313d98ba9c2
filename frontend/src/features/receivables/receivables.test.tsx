import { screen, within } from "@testing-library/react";
import { renderApp } from "@/test/app";

describe("Receivables", () => {
  it("shows every bucket as a chart and as a table, each opening its invoices", async () => {
    const { user } = renderApp("/receivables");
    const bar = await screen.findByRole("link", { name: "1-30 days: $5,000, 2 invoices" });
    expect(bar).toHaveAttribute("href", expect.stringContaining("/records/invoices?filter[outstanding][empty]=false&filter[ageing]=1-30"));
    await user.click(screen.getByRole("button", { name: "Show as table" }));
    const table = await screen.findByRole("region", { name: "Receivables by age, table" });
    expect(within(table).getAllByRole("row")).toHaveLength(7);
    expect(within(table).getByRole("row", { name: /^61-90 days/ })).toHaveTextContent("–");
  });

  it("says who owes, and how much of it is overdue", async () => {
    renderApp("/receivables");
    const table = await screen.findByRole("region", { name: "Receivables by account, table" });
    const row = within(table).getByRole("row", { name: /^Brightwater Utilities/ });
    expect(await within(row).findByRole("link", { name: "$14,000" })).toBeVisible();
    expect(within(row).getByRole("link", { name: "$15,000" })).toBeVisible();
  });
});
