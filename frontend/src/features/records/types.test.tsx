import { screen, waitFor, within } from "@testing-library/react";
import { renderApp } from "@/test/app";

const LISTS: [path: string, name: string, title: string][] = [
  ["activities", "Activities", "Call back about the quote"],
  ["products", "Products", "Flow meter"],
  ["orders", "Orders", "SO-0001"],
  ["invoices", "Invoices", "AI-0021"],
  ["owners", "Owners", "Mara Ostlund"],
  ["quotas", "Quotas", "Mara Ostlund"],
  ["exchange-rates", "Exchange rates", "EUR in JPY"],
];

describe("Every type of record", () => {
  it.each(LISTS)("lists %s and opens one as a page", async (path, name, title) => {
    const { user, address } = renderApp(`/records/${path}`);
    const grid = await screen.findByRole("grid", { name });
    await user.click(await within(grid).findByRole("link", { name: title }));
    await waitFor(() => expect(address()).toContain("open="));
    await user.click(await screen.findByRole("button", { name: "Open as a page" }));
    await waitFor(() => expect(address()).toMatch(new RegExp(`^/records/${path}/\\w+`)));
    expect(await screen.findByText("Timeline")).toBeVisible();
  });

  it("opens the deal of a stage visit", async () => {
    const { user, address } = renderApp("/records/stage-visits");
    const grid = await screen.findByRole("grid", { name: "Stage visits" });
    await user.click(await within(grid).findByRole("link"));
    await user.click(await screen.findByRole("button", { name: "Open as a page" }));
    await waitFor(() => expect(address()).toMatch(/^\/records\/opportunities\/opp_/));
  });

  it("saves what matches as a file, whole and in the API's own order", async () => {
    renderApp("/records/invoices?filter[status]=open&q=AI&sort=-value&as_of=2026-09-01");
    expect(await screen.findByRole("link", { name: "Invoices as CSV" })).toHaveAttribute(
      "href",
      "/api/records/invoice?as_of=2026-09-01&filter[status]=open&q=AI&format=csv",
    );
  });

  it("narrows by what a field can be", async () => {
    const { user, address } = renderApp("/records/invoices");
    await screen.findByRole("grid", { name: "Invoices" });
    await user.click(screen.getByRole("button", { name: /^Filter/ }));
    const menu = await screen.findByRole("dialog", { name: "Add a filter" });
    await user.click(within(menu).getByRole("button", { name: "Status" }));
    await user.click(await screen.findByRole("checkbox", { name: "Open" }));
    await waitFor(() => expect(address()).toContain("filter[status]=open"));
  });

  it("keeps the side short: the rest of the types is folded", async () => {
    const { user, address } = renderApp("/records/accounts");
    const nav = await screen.findByRole("navigation", { name: "Main" });
    expect(within(nav).queryByText("Invoices")).not.toBeInTheDocument();
    await user.click(within(nav).getByRole("button", { name: "More records" }));
    await user.click(within(nav).getByRole("link", { name: "Invoices" }));
    await waitFor(() => expect(address()).toBe("/records/invoices"));
  });
});
