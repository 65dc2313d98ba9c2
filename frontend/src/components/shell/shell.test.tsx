import { screen, waitFor, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { ME } from "@/mocks/handlers";
import { renderApp } from "@/test/app";
import { server } from "@/test/setup";

describe("Shell", () => {
  it("goes places by letters, which stay out of text fields", async () => {
    const { user, address } = renderApp("/");
    await screen.findByRole("region", { name: "Key numbers" });
    await user.keyboard("gp");
    await waitFor(() => expect(address()).toBe("/pipeline"));
    await user.keyboard("gr");
    await waitFor(() => expect(address()).toContain("/records/opportunities"));
    const find = await screen.findByLabelText("Find in this list");
    await user.keyboard("/");
    await waitFor(() => expect(find).toHaveFocus());
    await user.keyboard("gp");
    await waitFor(() => expect(address()).toContain("q=gp"));
  });

  it("finds records and pages in the palette", async () => {
    const { user, address } = renderApp("/");
    await screen.findByRole("region", { name: "Key numbers" });
    await user.keyboard("{Control>}k{/Control}");
    const palette = await screen.findByRole("dialog", { name: "Search or run", hidden: true });
    await user.type(within(palette).getByRole("combobox", { hidden: true }), "Brightwater");
    const found = await within(palette).findAllByText(/Brightwater/, { selector: ".tr" });
    await user.click(found[0] as HTMLElement);
    await waitFor(() => expect(address()).toMatch(/^\/records\/(opportunities|accounts)\//));
  });

  it("lists all keys", async () => {
    const { user } = renderApp("/");
    await screen.findByRole("region", { name: "Key numbers" });
    await user.keyboard("?");
    expect(await screen.findByRole("dialog", { name: "Keys", hidden: true })).toBeInTheDocument();
  });

  it("picks a past day for every page", async () => {
    const { user, address } = renderApp("/pipeline");
    await user.click(await screen.findByRole("button", { name: /As of: Live/ }));
    await user.click(await screen.findByRole("button", { name: "Last Monday" }));
    await waitFor(() => expect(address()).toMatch(/as_of=\d{4}-\d\d-\d\d/));
  });

  it("says when the API cannot be reached, and comes back", async () => {
    // The router reports the failed guard on the console too; here it is what is tested.
    vi.spyOn(console, "error").mockReturnValue(undefined);
    vi.spyOn(console, "warn").mockReturnValue(undefined);
    server.use(http.get("*/api/auth/me", () => HttpResponse.error()));
    const { user } = renderApp("/");
    expect(await screen.findByRole("heading", { name: "SalesCommand did not answer" })).toBeVisible();
    server.resetHandlers();
    await user.click(screen.getByRole("button", { name: "Retry" }));
    expect(await screen.findByRole("region", { name: "Key numbers" })).toBeVisible();
  });

  it("keeps people out of what their role may not see", async () => {
    server.use(http.get("*/api/auth/me", () => HttpResponse.json({ ...ME, role: "analyst" })));
    renderApp("/users");
    expect(await screen.findByText("Your role cannot see this")).toBeVisible();
    expect(screen.queryByRole("link", { name: "Users" })).not.toBeInTheDocument();
  });
});
