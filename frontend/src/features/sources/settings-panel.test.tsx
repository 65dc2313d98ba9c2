import { screen, waitFor, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { ME, problem } from "@/mocks/handlers";
import { renderApp } from "@/test/app";
import { server } from "@/test/setup";

/** Keeps what is sent to an address of the source's policy, and answers with a policy. */
function taking(method: "post" | "put" | "delete", path: string, answer: object = {}): unknown[] {
  const bodies: unknown[] = [];
  server.use(
    http[method](`*/api/sources/hubspot/${path}`, async ({ request }) => {
      bodies.push(await request.json().catch(() => null));
      return HttpResponse.json({ source: "hubspot", paused: false, rate: null, verification: null, ...answer });
    }),
  );
  return bodies;
}

const dialog = (name: string) => within(screen.getByRole("dialog", { name }));

describe("Intake of a source", () => {
  it("is paused and taken again from the message", async () => {
    const resumed = taking("post", "resume");
    const { user } = renderApp("/sources/hubspot");
    await user.click(await screen.findByRole("button", { name: "Pause source" }));
    expect(await screen.findByText("HubSpot is paused. Senders are asked to come back later.")).toBeVisible();
    expect(await screen.findByText("HubSpot is paused.")).toBeVisible();
    await user.click(screen.getByRole("button", { name: "Undo" }));
    expect(await screen.findByRole("button", { name: "Pause source" })).toBeVisible();
    expect(resumed).toHaveLength(1);
  });

  it("gets a limit, and loses it again", async () => {
    const bodies = taking("put", "rate", { rate: { events_per_second: 50, burst: 500 } });
    const { user } = renderApp("/sources/hubspot");
    await user.click(await screen.findByRole("button", { name: "Set a limit" }));
    await user.type(dialog("Limit the rate").getByLabelText("Events a second"), "50");
    expect(dialog("Limit the rate").getByText(/180,000 events an hour, and a batch of up to 500/)).toBeVisible();
    await user.click(dialog("Limit the rate").getByRole("button", { name: "Set the limit" }));
    expect(await screen.findByText(/50 events a second, at most 500 at once/)).toBeVisible();
    expect(bodies).toEqual([{ events_per_second: 50, burst: null }]);
    await user.click(screen.getByRole("button", { name: "Lift limit" }));
    expect(await screen.findByText(/No limit of its own/)).toBeVisible();
    await user.click(screen.getByRole("button", { name: "Undo" }));
    await waitFor(() => expect(bodies).toHaveLength(2));
  });

  it("verifies by the scheme of the source's kind", async () => {
    const bodies = taking("put", "verification", {
      verification: { scheme: "hubspot-v3", required: true, options: null, secrets: [{ id: "sec_1", created_at: "2026-11-01T00:00:00Z" }] },
    });
    const { user } = renderApp("/sources/hubspot");
    await user.click(await screen.findByRole("button", { name: "Verify signatures" }));
    await user.type(dialog("Verify signatures").getByLabelText(/^Secret/), "not-a-real-secret");
    await user.click(dialog("Verify signatures").getByLabelText(/Refuse posts without one/));
    await user.click(dialog("Verify signatures").getByRole("button", { name: "Verify from now on" }));
    expect(await screen.findByText(/HubSpot, version 3\. Posts without a right one are refused/)).toBeVisible();
    expect(bodies).toEqual([{ scheme: "hubspot-v3", secret: "not-a-real-secret", required: true }]);
    await user.click(screen.getByRole("button", { name: "Stop verifying" }));
    await user.click(dialog("Stop verifying signatures").getByRole("button", { name: "Stop verifying" }));
    expect(await screen.findByText(/Not verified: a write key is all/)).toBeVisible();
  });

  it("asks where the signature stands when the sender has no scheme of its own", async () => {
    const bodies = taking("put", "verification");
    const { user } = renderApp("/sources/odoo");
    await user.click(await screen.findByRole("button", { name: "Verify signatures" }));
    expect(dialog("Verify signatures").getByLabelText("Header")).toHaveValue("X-Signature");
    server.use(http.put("*/api/sources/odoo/verification", () => problem(400, "No", "secret: too plain.")));
    await user.type(dialog("Verify signatures").getByLabelText(/^Secret/), "12345678");
    await user.click(dialog("Verify signatures").getByRole("button", { name: "Verify from now on" }));
    expect(await screen.findByText(/secret: too plain/)).toBeVisible();
    expect(bodies).toEqual([]);
  });

  it("adds and removes a second secret", async () => {
    const one = { id: "sec_1", created_at: "2026-11-01T00:00:00Z" };
    const two = { id: "sec_2", created_at: "2026-11-02T00:00:00Z" };
    const verification = { scheme: "stripe", required: false, options: null, secrets: [one] };
    taking("post", "verification/secrets", { verification: { ...verification, secrets: [one, two] } });
    taking("delete", "verification/secrets/sec_1", { verification: { ...verification, secrets: [two] } });
    server.use(http.get("*/api/sources/hubspot/policy", () => HttpResponse.json({ source: "hubspot", paused: true, rate: null, verification })));
    const { user } = renderApp("/sources/hubspot");
    expect(await screen.findByRole("button", { name: "Resume source" })).toBeVisible();
    await user.click(screen.getByRole("button", { name: "Add a second secret" }));
    await user.type(dialog("Add a second secret").getByLabelText("Secret"), "another-secret");
    await user.click(dialog("Add a second secret").getByRole("button", { name: "Add the secret" }));
    await user.click(await screen.findByRole("button", { name: "Remove the secret sec_1" }));
    await user.click(dialog("Remove a signing secret").getByRole("button", { name: "Remove the secret" }));
    expect(await screen.findByText("Only the other secret is accepted.")).toBeVisible();
    expect(screen.queryByText("sec_1")).not.toBeInTheDocument();
  });

  it("is the admins' alone", async () => {
    server.use(http.get("*/api/auth/me", () => HttpResponse.json({ ...ME, role: "manager" })));
    renderApp("/sources/hubspot");
    expect(await screen.findByRole("region", { name: "Keys" })).toBeVisible();
    expect(screen.queryByRole("region", { name: "Intake" })).not.toBeInTheDocument();
    expect(screen.queryByRole("button", { name: "Pause source" })).not.toBeInTheDocument();
  });
});
