import { screen, waitFor, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { ME } from "@/mocks/handlers";
import { renderApp } from "@/test/app";
import { server } from "@/test/setup";

describe("Audit", () => {
  it("shows who changed what, and each field before and after", async () => {
    const { user } = renderApp("/audit");
    await user.click(await screen.findByText("user grace@aldermoor.example", { exact: false }));
    const change = screen.getByRole("group", { name: "user usr_2" });
    expect(within(change).getByText("manager")).toBeVisible();
    expect(within(change).getByText("rep")).toBeVisible();
    expect(within(change).getAllByText("grace@aldermoor.example")).toHaveLength(1);
  });

  it("says what failed, and how much is not listed", async () => {
    renderApp("/audit");
    expect(await screen.findByText("failed, 503")).toBeVisible();
    expect(screen.getByText(/mapping crm\/opportunity and 2 more things/)).toBeVisible();
  });

  it("asks by who, about what, action and day, and keeps that in the address", async () => {
    const asked: URLSearchParams[] = [];
    server.use(
      http.get("*/api/audit", ({ request }) => {
        asked.push(new URL(request.url).searchParams);
        return HttpResponse.json({ items: [], next_cursor: null });
      }),
    );
    const { user, address } = renderApp("/audit?object=source");
    expect(await screen.findByText("No change matches these filters.")).toBeVisible();
    await user.type(screen.getByLabelText("Who"), "ada@aldermoor.example");
    await user.click(screen.getByRole("button", { name: "Find" }));
    await user.selectOptions(screen.getByLabelText("Action"), "change user");
    await user.type(screen.getByLabelText("From"), "2026-11-01");
    await waitFor(() => expect(address()).toContain("from=2026-11-01"));
    await waitFor(() => expect(asked.at(-1)?.get("since")).toBe(new Date("2026-11-01T00:00:00").toISOString()));
    expect(asked.at(-1)?.get("who")).toBe("ada@aldermoor.example");
    expect(asked.at(-1)?.get("action")).toBe("change user");
    expect(asked.at(-1)?.get("object")).toBe("source");
    await user.click(screen.getByRole("button", { name: "Clear" }));
    await waitFor(() => expect(address()).toBe("/audit"));
  });

  it("goes on where the page before ended", async () => {
    server.use(
      http.get("*/api/audit", ({ request }) => {
        const cursor = new URL(request.url).searchParams.get("cursor");
        const entry = {
          id: cursor ? "aud_1" : "aud_2", at: "2026-11-25T10:00:00Z", who: { id: "u", name: "ada", role: "admin", via: "token" },
          action: cursor ? "pause source" : "resume source", method: "POST", path: "/", request_id: "r", outcome: "done", status: 200, changes: [], left_out: 0,
        };
        return HttpResponse.json({ items: [entry], next_cursor: cursor ? null : "aud_2" });
      }),
    );
    const { user } = renderApp("/audit");
    await user.click(await screen.findByRole("button", { name: "Show older changes" }));
    expect(await screen.findByText("Pause source")).toBeVisible();
    expect(screen.getByText("Resume source")).toBeVisible();
    expect(screen.queryByRole("button", { name: "Show older changes" })).not.toBeInTheDocument();
  });

  it("is for admins", async () => {
    server.use(http.get("*/api/auth/me", () => HttpResponse.json({ ...ME, role: "manager" })));
    renderApp("/audit");
    expect(await screen.findByText("Your role cannot see this")).toBeVisible();
  });
});
