import { screen, waitFor, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { agentWords } from "@/lib/agent";
import { ME, problem } from "@/mocks/handlers";
import { renderApp } from "@/test/app";
import { server } from "@/test/setup";

describe("Your account", () => {
  it("lists sessions and ends one, but not the one that looks", async () => {
    const ended: string[] = [];
    server.use(
      http.delete("*/api/auth/sessions/:id", ({ params }) => {
        ended.push(String(params.id));
        return new HttpResponse(null, { status: 204 });
      }),
    );
    const { user } = renderApp("/account");
    expect(await screen.findByText("Firefox on Linux")).toBeVisible();
    expect(screen.queryByRole("button", { name: /End: Firefox/ })).not.toBeInTheDocument();
    await user.click(screen.getByRole("button", { name: "End: curl from 198.51.100.4" }));
    await waitFor(() => expect(ended).toEqual(["ses_2"]));
    expect(await screen.findByText("Signed out: curl.")).toBeVisible();
  });

  it("ends all other sessions", async () => {
    const { user } = renderApp("/account");
    await user.click(await screen.findByRole("button", { name: "End 1 other session" }));
    expect(await screen.findByText("1 other session ended.")).toBeVisible();
  });

  it("makes a token that is shown once, with rights and an end", async () => {
    const bodies: { rights?: string; expires_at?: string }[] = [];
    server.use(
      http.post("*/api/auth/tokens", async ({ request }) => {
        bodies.push((await request.json()) as object);
        return HttpResponse.json({ id: "tok_2", token: "sc_pat_secret", rights: "write", expires_at: "2026-12-30T00:00:00Z" }, { status: 201 });
      }),
    );
    const { user } = renderApp("/account");
    await user.type(await screen.findByLabelText("What it is for"), "export");
    await user.selectOptions(screen.getByLabelText("It may"), "write");
    await user.selectOptions(screen.getByLabelText("Ends after"), "7");
    await user.click(screen.getByRole("button", { name: "Make a token" }));
    expect(await screen.findByText("sc_pat_secret")).toBeVisible();
    expect(bodies[0]?.rights).toBe("write");
    expect(new Date(bodies[0]?.expires_at ?? 0).getTime() - Date.now()).toBeLessThanOrEqual(7 * 864e5);
    await user.click(screen.getByRole("button", { name: "Revoke notebook" }));
    expect(await screen.findByText("notebook no longer works.")).toBeVisible();
  });

  it("offers an admin's rights to admins only", async () => {
    server.use(http.get("*/api/auth/me", () => HttpResponse.json({ ...ME, role: "rep", scope: "own" })));
    renderApp("/account");
    const rights = await screen.findByLabelText("It may");
    await waitFor(() => expect(within(rights).getAllByRole("option")).toHaveLength(2));
  });

  it("sets up a second factor and shows the recovery codes once", async () => {
    const { user } = renderApp("/account");
    await user.type(await screen.findByLabelText("Your password"), "correct horse");
    await user.click(screen.getByRole("button", { name: "Set up a second factor" }));
    expect(await screen.findByText("JBSW Y3DP EHPK 3PXP")).toBeVisible();
    expect(screen.getByRole("link", { name: /open it in an app/ })).toHaveAttribute("href", expect.stringMatching(/^otpauth:/));
    await user.type(screen.getByLabelText("The code that the app shows"), "123456");
    server.use(http.get("*/api/auth/second-factor", () => HttpResponse.json({ on: true, since: "2026-11-25T10:00:00Z", recovery_codes_left: 10 })));
    await user.click(screen.getByRole("button", { name: "Turn it on" }));
    expect(await screen.findByText("abcd-efgh-jkmn-pqrs")).toBeVisible();
    await user.click(screen.getByRole("button", { name: "They are kept" }));
    expect(await screen.findByText(/10 recovery codes left/)).toBeVisible();
    expect(screen.queryByText("abcd-efgh-jkmn-pqrs")).not.toBeInTheDocument();
  });

  it("says that a code was wrong, and turns it off with a right one", async () => {
    let on = true;
    server.use(
      http.get("*/api/auth/second-factor", () => HttpResponse.json({ on, since: "2026-11-25T10:00:00Z", recovery_codes_left: 3 })),
      http.post("*/api/auth/second-factor/remove", async ({ request }) => {
        const { code } = (await request.json()) as { code: string };
        if (code !== "123456") return problem(422, "The code does not fit", "The code is wrong, too old, or was used already.");
        on = false;
        return new HttpResponse(null, { status: 204 });
      }),
    );
    const { user } = renderApp("/account");
    await user.click(await screen.findByRole("button", { name: "Turn off" }));
    const field = screen.getByLabelText(/A code of the app/);
    await user.type(field, "000000");
    await user.click(screen.getByRole("button", { name: "Turn it off" }));
    expect(await screen.findByText(/wrong, too old/)).toBeVisible();
    await user.clear(field);
    await user.type(field, "123456");
    await user.click(screen.getByRole("button", { name: "Turn it off" }));
    expect(await screen.findByRole("button", { name: "Set up a second factor" })).toBeVisible();
  });
});

describe("Users", () => {
  it("lets admins end another's session and take a lost second factor away", async () => {
    const calls: string[] = [];
    const grace = { ...ME, id: "usr_2", email: "grace@aldermoor.example", second_factor: true, created_at: "2026-11-01T00:00:00Z", last_sign_in_at: null };
    server.use(
      http.get("*/api/users", () => HttpResponse.json({ items: [grace] })),
      http.delete("*/api/users/:id/*", ({ request }) => {
        calls.push(new URL(request.url).pathname);
        return new HttpResponse(null, { status: 204 });
      }),
    );
    const { user } = renderApp("/users");
    await user.click(await screen.findByRole("button", { name: "Sign-ins of grace@aldermoor.example" }));
    const dialog = screen.getByRole("dialog", { name: /grace@aldermoor.example is signed in/ });
    await user.click(await within(dialog).findByRole("button", { name: /^End: curl/ }));
    await user.click(within(dialog).getByRole("button", { name: "Take the second factor away" }));
    await waitFor(() => expect(calls).toEqual(["/api/users/usr_2/sessions/ses_2", "/api/users/usr_2/second-factor"]));
  });
});

describe("Names of browsers", () => {
  it.each([
    ["Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36 Edg/143.0", "Edge on Windows"],
    ["Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15", "Safari on macOS"],
    ["Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Mobile Safari/537.36", "Chrome on Android"],
    ["Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1", "Safari on iOS"],
    ["python-httpx/0.28", "python-httpx"],
    ["", "An unnamed program"],
  ])("%s is %s", (agent, words) => expect(agentWords(agent)).toBe(words));
});
