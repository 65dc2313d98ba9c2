import { screen, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import type { StartedJob } from "@/api/types";
import { sources } from "@/mocks/answers";
import { ME } from "@/mocks/handlers";
import { renderApp } from "@/test/app";
import { server } from "@/test/setup";

function job(changed: Partial<StartedJob>): StartedJob {
  return {
    id: "job_1",
    kind: "rebuild",
    args: {},
    state: "running",
    progress: 0.42,
    detail: "opportunities, slice 3",
    error: null,
    result: null,
    attempts: 1,
    created_by: "usr_1",
    created_at: new Date().toISOString(),
    started_at: null,
    finished_at: null,
    ...changed,
  };
}

const region = async (name: string) => within(await screen.findByRole("region", { name }));

describe("Started jobs", () => {
  it("are followed, cancelled and started again", async () => {
    let now = job({});
    const asked: string[] = [];
    server.use(
      http.get("*/api/jobs", () => HttpResponse.json({ items: [now] })),
      http.post("*/api/jobs/job_1/:verb", ({ params }) => {
        asked.push(String(params.verb));
        now = job(params.verb === "cancel" ? { state: "cancelled", detail: "cancelled" } : {});
        return HttpResponse.json(now);
      }),
    );
    const { user } = renderApp("/system");
    const panel = await region("Started jobs");
    expect(await panel.findByRole("progressbar", { name: "Rebuild: 42.0%" })).toHaveAttribute("value", "0.42");
    await user.click(panel.getByRole("button", { name: "Cancel" }));
    await user.click(await panel.findByRole("button", { name: "Start again" }));
    expect(await panel.findByRole("button", { name: "Cancel" })).toBeVisible();
    expect(asked).toEqual(["cancel", "retry"]);
  });

  it("are only looked at by those who may not start them", async () => {
    server.use(
      http.get("*/api/auth/me", () => HttpResponse.json({ ...ME, role: "analyst" })),
      http.get("*/api/jobs", () => HttpResponse.json({ items: [job({ state: "failed", error: "no room" })] })),
    );
    renderApp("/system");
    const panel = await region("Started jobs");
    expect(await panel.findByText("no room")).toBeVisible();
    expect(panel.queryByRole("button")).not.toBeInTheDocument();
  });
});

describe("Self-check", () => {
  it("says what is wrong and what to do", async () => {
    server.use(http.get("*/api/jobs", () => HttpResponse.json({ items: [job({ kind: "backup", state: "failed", error: "no room" })] })));
    renderApp("/system");
    const panel = await region("Self-check");
    expect(await panel.findByText("Backup failed: no room.")).toBeVisible();
    expect(panel.getByText("Start it again below once the cause is gone.")).toBeVisible();
  });

  it("expects no rhythm of its own check", async () => {
    server.use(
      http.get("*/api/sources", () => {
        const quiet = (source: string) => ({ ...sources()[0], source, label: source, state: "stale" });
        return HttpResponse.json({ items: [quiet("selfcheck"), quiet("shop")] });
      }),
    );
    renderApp("/system");
    const panel = await region("Self-check");
    expect(await panel.findByText(/^shop sent nothing/)).toBeVisible();
    expect(panel.queryByText(/selfcheck/)).not.toBeInTheDocument();
  });

  it("claims nothing while nobody could be asked", async () => {
    server.use(http.get("*/api/sources", () => new HttpResponse(null, { status: 500 })));
    renderApp("/system");
    const panel = await region("Self-check");
    expect(await panel.findByText("The books are being asked for.")).toBeVisible();
  });
});
