import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import type { RecentRequest } from "@/api/types";
import { ME, problem } from "@/mocks/handlers";
import { recentRequest } from "@/mocks/sources";
import { renderApp } from "@/test/app";
import { server } from "@/test/setup";
import { settingsOf, VENDORS } from "./vendors";

async function open() {
  const app = renderApp("/sources");
  await app.user.click(await screen.findByRole("button", { name: "Add a source" }));
  return { ...app, dialog: within(screen.getByRole("dialog", { name: "Add a source" })) };
}

describe("Adding a source", () => {
  it("goes from the kind to the event that arrived", async () => {
    const came: RecentRequest[] = [];
    const bodies: unknown[] = [];
    server.use(
      http.put("*/api/sources/web-shop", async ({ request }) => {
        bodies.push(await request.json());
        return HttpResponse.json({ source: "web-shop", kind: "generic", label: "Shop" });
      }),
      http.get("*/api/sources/web-shop/requests", () => HttpResponse.json({ items: came, instance: 0 })),
      http.post("*/api/microservices/ingest/web-shop/test", ({ request }) => {
        bodies.push(request.headers.get("authorization"));
        came.push(recentRequest({ entity_type: "test" }));
        return HttpResponse.json({ event_id: "ev_1" });
      }),
    );
    const { user, dialog, address } = await open();
    await user.click(dialog.getByRole("button", { name: "Anything else" }));
    expect(dialog.getByRole("button", { name: "Make the source and its key" })).toBeDisabled();
    await user.type(dialog.getByLabelText("Name in the address"), "web-shop");
    await user.type(dialog.getByLabelText("What people call it"), "Shop");
    await user.click(dialog.getByRole("button", { name: "Make the source and its key" }));
    expect(await dialog.findByText("sc_wk_preview")).toBeVisible();
    expect(dialog.getByText("Authorization: Bearer sc_wk_preview")).toBeVisible();
    expect(dialog.getByText(/\/api\/microservices\/ingest\/web-shop\/deal$/)).toBeVisible();
    expect(dialog.getByLabelText("Command that posts a test event")).toHaveTextContent(/ingest\/web-shop\/test.*sc_wk_preview/);
    expect(await dialog.findByText(/Waiting for the first event/)).toBeVisible();
    await user.click(dialog.getByRole("button", { name: "Send a test event" }));
    expect(await dialog.findByText("It arrived")).toBeVisible();
    expect(bodies).toEqual([{ kind: "generic", label: "Shop" }, "Bearer sc_wk_preview"]);
    await user.click(dialog.getByRole("link", { name: "Open web-shop" }));
    expect(address()).toBe("/sources/web-shop");
  });

  it("takes no name that is there already, or none that an address can't hold", async () => {
    const { user, dialog } = await open();
    const name = dialog.getByLabelText("Name in the address");
    await waitFor(() => expect(name).toHaveValue("hubspot-2"));
    await user.clear(name);
    await user.type(name, "hubspot");
    expect(await dialog.findByText(/There is a source hubspot already/)).toBeVisible();
    await user.clear(name);
    await user.type(dialog.getByLabelText("Name in the address"), "a shop");
    expect(dialog.getByText(/Letters, digits/)).toBeVisible();
    expect(dialog.getByRole("button", { name: "Make the source and its key" })).toBeDisabled();
  });

  it("says why the test event was refused, and keeps the session", async () => {
    server.use(
      http.get("*/api/sources/stripe/requests", () => HttpResponse.json({ items: [], instance: 0 })),
      http.post("*/api/microservices/ingest/stripe/test", () => problem(401, "No", "The key is unknown.")),
    );
    const { user, dialog, address } = await open();
    await user.click(dialog.getByRole("button", { name: "Stripe" }));
    await user.clear(dialog.getByLabelText("Name in the address"));
    await user.type(dialog.getByLabelText("Name in the address"), "stripe");
    await user.click(dialog.getByRole("button", { name: "Make the source and its key" }));
    expect(await dialog.findByText(/ingest\/stripe\/event$/)).toBeVisible();
    await user.click(dialog.getByRole("button", { name: "Send a test event" }));
    expect(await dialog.findByText("The key is unknown.")).toBeVisible();
    expect(address()).toBe("/sources");
  });

  it("takes a vendor's signature in the place of a key, and is closed by its button alone", async () => {
    const bodies: unknown[] = [];
    server.use(
      http.get("*/api/sources/stripe-eu/requests", () => HttpResponse.json({ items: [], instance: 0 })),
      http.put("*/api/sources/stripe-eu/verification", async ({ request }) => {
        const body = await request.json();
        bodies.push(body);
        return HttpResponse.json({ source: "stripe-eu", scheme: "stripe", required: false, secrets: [] });
      }),
    );
    const { user, dialog } = await open();
    await user.click(dialog.getByRole("button", { name: "Stripe" }));
    await user.clear(dialog.getByLabelText("Name in the address"));
    await user.type(dialog.getByLabelText("Name in the address"), "stripe-eu");
    await user.click(dialog.getByRole("button", { name: "Make the source and its key" }));
    await user.type(await dialog.findByLabelText(/Signing secret/), "whsec_0123456789");
    await user.click(dialog.getByRole("button", { name: "Take posts by this signature" }));
    expect(await dialog.findByText(/taken by their signature/)).toBeVisible();
    expect(bodies).toEqual([{ scheme: "stripe", secret: "whsec_0123456789", required: false }]);
    fireEvent(screen.getByRole("dialog"), new Event("cancel", { cancelable: true }));
    await user.click(screen.getByRole("dialog"));
    expect(screen.getByRole("dialog", { name: "Add a source" })).toBeVisible();
    await user.click(dialog.getByRole("button", { name: "Close" }));
    expect(screen.queryByRole("dialog", { name: "Add a source" })).not.toBeInTheDocument();
  });

  it("is finished by trying again after its key failed", async () => {
    server.use(http.post("*/api/sources/web-shop/keys", () => problem(503, "Away", "The store did not answer."), { once: true }));
    server.use(http.get("*/api/sources/web-shop/requests", () => HttpResponse.json({ items: [], instance: 0 })));
    const { user, dialog } = await open();
    await user.clear(dialog.getByLabelText("Name in the address"));
    await user.type(dialog.getByLabelText("Name in the address"), "web-shop");
    await user.click(dialog.getByRole("button", { name: "Make the source and its key" }));
    expect(await dialog.findByText("The store did not answer.")).toBeVisible();
    await user.click(dialog.getByRole("button", { name: "Make the source and its key" }));
    expect(await dialog.findByText("web-shop is set up")).toBeVisible();
  });

  it("is for admins", async () => {
    server.use(http.get("*/api/auth/me", () => HttpResponse.json({ ...ME, role: "manager" })));
    renderApp("/sources");
    expect(await screen.findByRole("region", { name: "Sources, table" })).toBeVisible();
    expect(screen.queryByRole("button", { name: "Add a source" })).not.toBeInTheDocument();
  });

  it("puts the key where the vendor can send it", () => {
    const told = VENDORS.map((vendor) => settingsOf(vendor, "x", "K").filter(({ value }) => value.includes("K")).map(({ label }) => label));
    expect(told).toEqual([[], ["Header"], ["User"], ["Address"], [], ["Header"], ["Header"]]);
  });
});
