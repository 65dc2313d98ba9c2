import { screen, waitFor, within } from "@testing-library/react";
import { http } from "msw";
import { problem } from "@/mocks/handlers";
import { renderApp } from "@/test/app";
import { server } from "@/test/setup";

const LIST = "/records/opportunities?filter[status]=open&metric=open-pipeline&sort=-amount";

async function rows() {
  const grid = await screen.findByRole("grid", { name: "Opportunities" });
  await within(grid).findAllByRole("link");
  return grid;
}

describe("Opportunities", () => {
  it("draws only the rows on screen of all that match", async () => {
    renderApp(LIST);
    const grid = await rows();
    expect(Number(grid.getAttribute("aria-rowcount"))).toBeGreaterThan(150);
    expect(within(grid).getAllByRole("row").length).toBeLessThan(60);
    expect(await screen.findByText(/in this view/)).toBeVisible();
  });

  it("sorts on the server and keeps it in the address", async () => {
    const { user, address } = renderApp(LIST);
    await rows();
    await user.click(screen.getByRole("button", { name: "Close" }));
    await waitFor(() => expect(address()).toContain("sort=-close_date"));
    await user.click(screen.getByRole("button", { name: "Close" }));
    await waitFor(() => expect(address()).toContain("sort=close_date"));
  });

  it("narrows by a facet with its count", async () => {
    const { user, address } = renderApp(LIST);
    const facets = await screen.findByRole("group", { name: "Facets" });
    await user.click(await within(facets).findByRole("checkbox", { name: /Verbal/ }));
    await waitFor(() => expect(address()).toContain("filter[stage]=Verbal"));
    expect(await screen.findByRole("button", { name: "Remove filter Stage Verbal" })).toBeVisible();
  });

  it("walks by keyboard: j, Enter, ], Escape", async () => {
    const { user, address } = renderApp(LIST);
    await rows();
    await user.keyboard("j");
    await user.keyboard("{Enter}");
    const sheet = await screen.findByRole("complementary", { name: /Opportunities/ });
    expect(await within(sheet).findByText("Fields")).toBeVisible();
    const first = new URLSearchParams(address().split("?")[1]).get("open");
    await user.keyboard("]");
    await waitFor(() => expect(new URLSearchParams(address().split("?")[1]).get("open")).not.toBe(first));
    await user.keyboard("{Escape}");
    await waitFor(() => expect(address()).not.toContain("open="));
    expect(address()).toContain("filter[status]=open");
    await user.keyboard("{Escape}");
    await waitFor(() => expect(address()).not.toContain("filter"));
  });

  it("leads from a field to its event, with the way back kept", async () => {
    const { user, address } = renderApp(LIST);
    await rows();
    await user.keyboard("j{Enter}");
    await user.click(await screen.findByRole("link", { name: "Amount: open the event it came from" }));
    await waitFor(() => expect(address()).toMatch(/^\/events\/ev_/));
    const path = await screen.findByRole("navigation", { name: "From the number to the bytes" });
    expect(await within(path).findByText(/Open pipeline \$/)).toBeVisible();
    expect(within(path).getByText(/deals/)).toBeVisible();
    expect(within(path).getByText("Event")).toBeVisible();
  });

  it("says what to do when nothing matches", async () => {
    const { user, address } = renderApp("/records/opportunities?q=nobody-has-this-name");
    expect(await screen.findByText("No deals match.")).toBeVisible();
    await user.click(screen.getByRole("button", { name: "Clear search and filters" }));
    await waitFor(() => expect(address()).toBe("/records/opportunities"));
  });

  it("tells of a refused filter in the API's words", async () => {
    server.use(http.get("*/api/records/:type", () => problem(400, "Bad parameter", "filter[stag]: opportunity has no field stag", "Use stage.")));
    renderApp("/records/opportunities?filter[stag]=x");
    expect(await screen.findByText(/opportunity has no field stag/)).toBeVisible();
  });

  it("shows a page that does not exist", async () => {
    renderApp("/records/spaceships");
    expect(await screen.findByText("This page does not exist")).toBeVisible();
  });
});
