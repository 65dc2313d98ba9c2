import { screen, waitFor, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { ME, problem } from "@/mocks/handlers";
import { renderApp } from "@/test/app";
import { server } from "@/test/setup";

/** Keeps what is posted to an address of the API. */
function posts(path: string, status = 200, answer: object = {}): { bodies: unknown[]; queries: string[] } {
  const seen: { bodies: unknown[]; queries: string[] } = { bodies: [], queries: [] };
  server.use(
    http.post(`*${path}`, async ({ request }) => {
      seen.bodies.push(await request.json());
      seen.queries.push(decodeURIComponent(new URL(request.url).search.replaceAll("+", " ")));
      return HttpResponse.json({ id: "qua_9", ...answer }, { status });
    }),
  );
  return seen;
}

describe("Quarantine", () => {
  it("tells groups apart that differ only in their type", async () => {
    const { user, address } = renderApp("/quarantine");
    await user.click(await screen.findByRole("button", { name: /not a number.*order/ }));
    await waitFor(() => expect(address()).toContain("filter[record_type]=order"));
    expect(document.querySelectorAll(".groups [aria-current]")).toHaveLength(1);
    const table = screen.getByRole("region", { name: "Values in quarantine, table" });
    await waitFor(() => expect(within(table).getAllByRole("button", { name: /^order/ })).toHaveLength(8));
  });

  it("shows whole events without the entries of fields, also where a reason holds a comma", async () => {
    const { user, address } = renderApp("/quarantine");
    await user.click(await screen.findByRole("button", { name: /whole event/ }));
    await waitFor(() => expect(address()).toContain("filter[field][empty]=true"));
    const table = screen.getByRole("region", { name: "Values in quarantine, table" });
    await waitFor(() => expect(within(table).getAllByText("Whole event")).toHaveLength(8));
    expect(within(table).queryByText("Amount")).not.toBeInTheDocument();
  });

  it("ignores a group for a reason, and takes it back from the message", async () => {
    const ignored = posts("/api/quarantine/ignore");
    const undone = posts("/api/quarantine/undo", 202);
    const { user, address } = renderApp("/quarantine");
    await user.click(await screen.findByRole("button", { name: /not a date/ }));
    await user.click(await screen.findByRole("button", { name: "Ignore" }));
    const dialog = screen.getByRole("dialog", { name: "Ignore 61 entries" });
    expect(within(dialog).getByRole("button", { name: "Ignore" })).toBeDisabled();
    await user.type(within(dialog).getByLabelText("Reason"), "test data");
    await user.click(within(dialog).getByRole("button", { name: "Ignore" }));
    expect(await screen.findByText("61 entries ignored.")).toBeVisible();
    expect(ignored.bodies).toEqual([{ reason: "test data" }]);
    expect(ignored.queries[0]).toContain("filter[source]=hubspot&filter[record_type]=opportunity&filter[field]=close_date&filter[reason]=not a date");
    expect(address()).not.toContain("filter[reason]");
    await user.click(within(document.querySelector<HTMLElement>(".toast") ?? document.body).getByRole("button", { name: "Undo" }));
    await waitFor(() => expect(undone.bodies).toEqual([{ action: "qua_9", reason: "" }]));
  });

  it("has a group read again", async () => {
    const replayed = posts("/api/quarantine/replay", 202);
    const { user } = renderApp("/quarantine");
    await user.click(await screen.findByRole("button", { name: /not an ISO 4217 code/ }));
    await user.click(await screen.findByRole("button", { name: "Read 9 again" }));
    expect(await screen.findByText(/9 entries are being read again/)).toBeVisible();
    expect(replayed.queries[0]).toContain("filter[field]=currency");
  });

  it("posts a corrected copy once it is an object and differs", async () => {
    const corrected = posts("/api/quarantine/events/:id/correct", 202);
    const { user } = renderApp("/quarantine");
    await user.click(await screen.findByRole("button", { name: "Correct a copy" }));
    const dialog = screen.getByRole("dialog", { name: "Correct a copy" });
    const send = within(dialog).getByRole("button", { name: "Post the copy" });
    expect(send).toBeDisabled();
    const payload = within(dialog).getByLabelText("Payload");
    await user.clear(payload);
    expect(within(dialog).getByRole("alert")).toBeVisible();
    expect(send).toBeDisabled();
    await user.type(payload, '{{"id": 7}');
    await user.click(send);
    expect(await screen.findByText("The corrected copy stands in for the event.")).toBeVisible();
    expect(corrected.bodies).toEqual([{ body: '{"id": 7}', reason: "" }]);
  });

  it("says why an action was refused, and stays open", async () => {
    server.use(http.post("*/api/quarantine/ignore", () => problem(400, "Nothing to do", "no open entry matches")));
    const { user } = renderApp("/quarantine");
    await user.click(await screen.findByRole("button", { name: /not a date/ }));
    await user.click(await screen.findByRole("button", { name: "Ignore" }));
    const dialog = screen.getByRole("dialog", { name: "Ignore 61 entries" });
    await user.type(within(dialog).getByLabelText("Reason"), "x");
    await user.click(within(dialog).getByRole("button", { name: "Ignore" }));
    expect(await within(dialog).findByText(/no open entry matches/)).toBeVisible();
  });

  it("moves through the entries by keys", async () => {
    const { user } = renderApp("/quarantine");
    expect(await screen.findByRole("heading", { name: /^Event 1 of / })).toBeVisible();
    await user.keyboard("j");
    expect(await screen.findByRole("heading", { name: /^Event 2 of / })).toBeVisible();
    await user.keyboard("k");
    expect(await screen.findByRole("heading", { name: /^Event 1 of / })).toBeVisible();
  });

  it("shows the log with what can be taken back", async () => {
    const undone = posts("/api/quarantine/undo", 202);
    const { user } = renderApp("/quarantine");
    await user.click(await screen.findByRole("button", { name: /^Undo: Ignored/ }));
    await waitFor(() => expect(undone.bodies).toEqual([{ action: "qua_0001", reason: "" }]));
  });

  it("gives analysts and reps everything to read and nothing to press", async () => {
    server.use(http.get("*/api/auth/me", () => HttpResponse.json({ ...ME, role: "analyst" })));
    const { user } = renderApp("/quarantine");
    await user.click(await screen.findByRole("button", { name: /not a date/ }));
    expect(await screen.findByRole("heading", { name: "not a date" })).toBeVisible();
    for (const name of ["Ignore", "Correct a copy", /^Read .* again/, /^Undo/]) {
      expect(screen.queryByRole("button", { name })).not.toBeInTheDocument();
    }
  });
});
