import { screen, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { ME } from "@/mocks/handlers";
import { renderApp } from "@/test/app";
import { server } from "@/test/setup";

const PAGE = "/mappings/source%3Acrm/opportunity";
const PREVIEW = {
  scope: "source:crm",
  record_type: "opportunity",
  records: 500,
  total: 1200,
  added: 0,
  removed: 0,
  changed: 37,
  fields: { name: 37 },
  errors: [],
  examples: [{ canonical_id: "c1", source: "crm", source_id: "7", title: "Big deal", change: "changed", fields: { name: ["A", "B"] } }],
  numbers: [
    { metric: "open-pipeline", unit: "USD", before: "100.00", after: "90.00" },
    { metric: "won-count", unit: "count", before: 4, after: 4 },
  ],
};

describe("Mappings", () => {
  it("leads from the list to a document", async () => {
    const { user, address } = renderApp("/mappings");
    const table = within(await screen.findByRole("region", { name: "Mappings, table" }));
    await user.click(table.getByRole("link", { name: "Opportunity" }));
    expect(address()).toBe(PAGE);
    expect(await screen.findByLabelText("Mapping document")).toHaveValue("source: crm\nrecord_type: opportunity\nfields:\n  name: {path: $.title}\n");
  });

  it("puts a change in force only once it was looked at on real events", async () => {
    const sent: string[] = [];
    server.use(
      http.post("*/api/mappings/preview", async ({ request }) => {
        sent.push(await request.text());
        return HttpResponse.json(PREVIEW);
      }),
      http.put("*/api/mappings", async ({ request }) => {
        sent.push(`${request.headers.get("content-type")} ${await request.text()}`);
        return HttpResponse.json({ scope: "source:crm", record_type: "opportunity", version: 3, changed: true });
      }),
    );
    const { user } = renderApp(PAGE);
    const editor = await screen.findByLabelText("Mapping document");
    expect(screen.getByRole("button", { name: "Preview" })).toBeDisabled();
    await user.type(editor, "# more");
    await user.click(screen.getByRole("button", { name: "Preview" }));
    expect(await screen.findByText(/would change/)).toHaveTextContent("Of the 500 newest records (of 1,200): 37 would change, 0 be added, 0 be removed.");
    const numbers = within(screen.getByRole("region", { name: "Numbers that would change, table" }));
    expect(numbers.getAllByRole("row")).toHaveLength(2);
    expect(screen.getByRole("list", { name: "Records that would differ" })).toHaveTextContent("Big deal crm, changedName: A → B");
    await user.type(editor, "!");
    expect(screen.getByRole("button", { name: "Put in force" })).toBeDisabled();
    await user.click(screen.getByRole("button", { name: "Preview" }));
    await user.click(await screen.findByRole("button", { name: "Put in force" }));
    expect(await screen.findByText(/Version 3 is in force/)).toBeVisible();
    expect(sent.at(-1)).toMatch(/^text\/yaml source: crm[^]*# more!$/);
  });

  it("names the line that is wrong", async () => {
    const errors = [{ field: "fields.name.path", message: "must begin with $", line: 4 }];
    server.use(http.post("*/api/mappings/preview", () => HttpResponse.json({ title: "Not a mapping", status: 422, detail: "1 fault", errors }, { status: 422 })));
    const { user } = renderApp(PAGE);
    await user.type(await screen.findByLabelText("Mapping document"), "x");
    await user.click(screen.getByRole("button", { name: "Preview" }));
    expect(await screen.findByText("Line 4:")).toBeVisible();
    expect(screen.getByText("fields.name.path")).toBeVisible();
  });

  it("compares a version and goes back to it", async () => {
    const asked: unknown[] = [];
    server.use(
      http.post("*/api/mappings/:scope/:type/rollback", async ({ request }) => {
        asked.push(await request.json());
        return HttpResponse.json({ scope: "source:crm", record_type: "opportunity", version: 3, changed: true });
      }),
    );
    const { user } = renderApp(PAGE);
    await user.click(await screen.findByRole("button", { name: "Compare" }));
    const comparison = screen.getByLabelText("Comparison with the version in force");
    expect(comparison).toHaveTextContent(/− name: \{path: \$\.name\} \+ name: \{path: \$\.title\}/);
    await user.click(screen.getByRole("button", { name: "Go back to it" }));
    expect(await screen.findByText("Version 1 is in force again.")).toBeVisible();
    expect(asked).toEqual([{ version: 1 }]);
  });

  it("is read by those who may not change it", async () => {
    server.use(http.get("*/api/auth/me", () => HttpResponse.json({ ...ME, role: "analyst" })));
    renderApp(PAGE);
    expect(await screen.findByLabelText("Mapping document")).toHaveAttribute("readonly");
    expect(screen.queryByRole("button", { name: "Put in force" })).not.toBeInTheDocument();
  });
});
