import { screen, waitFor, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import type { WriteKey } from "@/api/types";
import { sources } from "@/mocks/answers";
import { ME, problem } from "@/mocks/handlers";
import { writeKey } from "@/mocks/sources";
import { renderApp } from "@/test/app";
import { server } from "@/test/setup";

function withKeys(...keys: WriteKey[]): void {
  server.use(http.get("*/api/sources/hubspot", () => HttpResponse.json({ ...sources()[0], keys, requests: [] })));
}

const panel = () => screen.findByRole("region", { name: "Keys" });

describe("Keys of a source", () => {
  it("lists end, scope, use and expiry", async () => {
    withKeys(writeKey({ entities: ["deal", "contact"], expires_at: "2027-01-09T10:00:00Z" }), writeKey({ id: "key_0", ends: "19ab", last_used_at: null }));
    renderApp("/sources/hubspot");
    const keys = within(await panel());
    expect(keys.getByText("posts deal, contact")).toBeVisible();
    expect(keys.getByText("posts any word")).toBeVisible();
    expect(keys.getByText("never used")).toBeVisible();
    expect(keys.getByTitle("2027-01-09 10:00:00.000 UTC")).toBeVisible();
    expect(keys.getByText("when revoked")).toBeVisible();
  });

  it("makes a key with a scope and an end, and shows it once", async () => {
    const bodies: unknown[] = [];
    server.use(
      http.post("*/api/sources/hubspot/keys", async ({ request }) => {
        bodies.push(await request.json());
        return HttpResponse.json({ id: "key_2", key: "sc_wk_preview", source: "hubspot" }, { status: 201 });
      }),
    );
    const { user } = renderApp("/sources/hubspot");
    await user.click(await screen.findByRole("button", { name: "New key" }));
    const dialog = within(screen.getByRole("dialog", { name: "New key" }));
    await user.type(dialog.getByLabelText("What it may post"), "deal, -no");
    expect(dialog.getByText(/“-no” is no word of an address/)).toBeVisible();
    expect(dialog.getByRole("button", { name: "Make the key" })).toBeDisabled();
    await user.clear(dialog.getByLabelText("What it may post"));
    await user.type(dialog.getByLabelText("What it may post"), "deal, crm.lead deal");
    await user.selectOptions(dialog.getByLabelText("Ends"), "After 30 days");
    await user.click(dialog.getByRole("button", { name: "Make the key" }));
    expect(await screen.findByText("sc_wk_preview")).toBeVisible();
    expect(bodies).toEqual([{ entities: ["deal", "crm.lead"], temporary: false, expires_at: expect.any(String) as string }]);
    await user.click(screen.getByRole("button", { name: "Copy key" }));
    expect(await screen.findByText("Key copied.")).toBeVisible();
    await user.click(screen.getByRole("button", { name: "I have it" }));
    expect(screen.queryByText("sc_wk_preview")).not.toBeInTheDocument();
  });

  it("replaces a key and says when the old one ends", async () => {
    const { user } = renderApp("/sources/hubspot");
    await user.click(await screen.findByRole("button", { name: "Replace the key that ends in c7e2" }));
    const dialog = within(screen.getByRole("dialog"));
    expect(dialog.getByText(/^Both work until .*, then only the new one\.$/)).toBeVisible();
    await user.selectOptions(dialog.getByLabelText("The old key ends"), "In 7 days");
    await user.click(dialog.getByRole("button", { name: "Make the new key" }));
    expect(await screen.findByText("sc_wk_next")).toBeVisible();
    expect(screen.getByText(/The key that ends in c7e2 works beside it until/)).toBeVisible();
  });

  it("revokes only when asked twice", async () => {
    const revoked: string[] = [];
    server.use(
      http.delete("*/api/sources/hubspot/keys/:id", ({ params }) => {
        revoked.push(String(params.id));
        return new HttpResponse(null, { status: 204 });
      }),
    );
    const { user } = renderApp("/sources/hubspot");
    await user.click(await screen.findByRole("button", { name: "Revoke the key that ends in c7e2" }));
    await user.click(within(screen.getByRole("dialog")).getByRole("button", { name: "Cancel" }));
    expect(revoked).toEqual([]);
    await user.click(screen.getByRole("button", { name: "Revoke the key that ends in c7e2" }));
    await user.click(within(screen.getByRole("dialog")).getByRole("button", { name: "Revoke the key" }));
    expect(await screen.findByText("The key that ends in c7e2 no longer works.")).toBeVisible();
    expect(revoked).toEqual(["key_1"]);
  });

  it("makes no third key, and says a refusal in the dialog", async () => {
    withKeys(writeKey(), writeKey({ id: "key_0", ends: "19ab" }));
    renderApp("/sources/hubspot");
    expect(await screen.findByText("Two keys work at a time: revoke one to make another")).toBeVisible();
    expect(screen.getByRole("button", { name: "New key" })).toBeDisabled();
    expect(screen.queryByRole("button", { name: /^Replace/ })).not.toBeInTheDocument();
  });

  it("says why a key was not made", async () => {
    withKeys();
    server.use(http.post("*/api/sources/hubspot/keys", () => problem(409, "Full", "hubspot has 2 live keys.")));
    const { user } = renderApp("/sources/hubspot");
    expect(await screen.findByText("No keys")).toBeVisible();
    await user.click(screen.getByRole("button", { name: "New key" }));
    await user.click(screen.getByRole("button", { name: "Make the key" }));
    expect(await screen.findByText(/hubspot has 2 live keys/)).toBeVisible();
  });

  it("gives others nothing to press", async () => {
    server.use(http.get("*/api/auth/me", () => HttpResponse.json({ ...ME, role: "analyst" })));
    renderApp("/sources/hubspot");
    await waitFor(async () => expect(within(await panel()).getByText("Only an admin makes and revokes keys")).toBeVisible());
    expect(within(await panel()).queryByRole("button")).not.toBeInTheDocument();
  });
});
