import { screen, waitFor, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { ME, problem } from "@/mocks/handlers";
import { renderApp } from "@/test/app";
import { server } from "@/test/setup";

describe("Pipeline", () => {
  it("totals both ways and opens each cell", async () => {
    const { user, address } = renderApp("/pipeline?by=team");
    const matrix = await screen.findByRole("region", { name: "Stage by team, table" });
    expect(within(matrix).getByText("All stages")).toBeVisible();
    const cell = within(matrix).getAllByRole("link")[0];
    expect(cell).toHaveAttribute("href", expect.stringContaining("filter[team]="));
    await user.click(screen.getByRole("button", { name: "Source" }));
    await waitFor(() => expect(address()).toBe("/pipeline?by=source"));
  });
});

describe("Quarantine", () => {
  it("is content when it is empty", async () => {
    server.use(http.get("*/api/quarantine", () => HttpResponse.json({ items: [], next_cursor: null, total: 0, groups: [] })));
    renderApp("/quarantine");
    expect(await screen.findByText("Quarantine is empty")).toBeVisible();
  });
});

describe("System", () => {
  it("balances the books of each source", async () => {
    renderApp("/system");
    const books = await screen.findByRole("region", { name: "Books by source, table" });
    expect(within(books).getAllByRole("row")).toHaveLength(6);
    expect(await screen.findByText("In step")).toBeVisible();
  });

  it("shows what still works while the lake is away", async () => {
    server.use(
      http.get("*/api/sources", () => problem(503, "The lake is unavailable", "ClickHouse did not answer.")),
      http.get("*/api/system", () =>
        HttpResponse.json({
          version: "0.1.0",
          schema: { have: null, need: 1, differences: [] },
          lake: { driver: "http", state: "unavailable", error: "ClickHouse did not answer." },
          zones: [],
          books: null,
          jobs: [{ name: "loader", state: "waiting", last_run_at: null, detail: "the lake is away" }],
          stores: { mongo: "connected", redis: "connected" },
        }),
      ),
    );
    renderApp("/system");
    expect(await screen.findByText(/Ingest goes on: events wait in the spool/)).toBeVisible();
    expect(screen.getByText("the lake is away")).toBeVisible();
  });
});

describe("Users", () => {
  it("adds a person and shows the link once", async () => {
    const { user } = renderApp("/users");
    await user.type(await screen.findByLabelText("E-mail"), "grace@aldermoor.example");
    await user.click(screen.getByRole("button", { name: "Make a sign-in link" }));
    expect(await screen.findByText(/token=preview/)).toBeVisible();
  });

  it("sets what a person sees", async () => {
    const changes: unknown[] = [];
    const bob = { ...ME, id: "usr_2", email: "bob@aldermoor.example", role: "manager", scope: "team", created_at: "2026-01-01T00:00:00Z" };
    server.use(
      http.get("*/api/users", () => HttpResponse.json({ items: [bob] })),
      http.patch("*/api/users/usr_2", async ({ request }) => {
        changes.push(await request.json());
        return HttpResponse.json(bob);
      }),
    );
    const { user } = renderApp("/users");
    await user.selectOptions(await screen.findByLabelText("What bob@aldermoor.example sees"), "Everything");
    await waitFor(() => expect(changes).toEqual([{ scope: "all" }]));
    await user.selectOptions(screen.getByLabelText("Role of bob@aldermoor.example"), "rep");
    await waitFor(() => expect(changes).toEqual([{ scope: "all" }, { role: "rep" }]));
  });
});

describe("Who sees only some records", () => {
  it("is shown the way to numbers and records, and asks for nothing that tells of all", async () => {
    const asked: string[] = [];
    server.use(
      http.get("*/api/auth/me", () => HttpResponse.json({ ...ME, role: "rep", scope: "own" })),
      http.get("*/api/quarantine", () => {
        asked.push("quarantine");
        return problem(403, "Not in your scope", "This tells of everybody's.");
      }),
    );
    renderApp("/");
    const nav = await screen.findByRole("navigation", { name: "Main" });
    expect(await within(nav).findByText("Opportunities")).toBeVisible();
    for (const place of ["Events", "Quarantine", "Sources", "System", "Users"]) {
      expect(within(nav).queryByText(place)).not.toBeInTheDocument();
    }
    expect(asked).toEqual([]);
  });
});
