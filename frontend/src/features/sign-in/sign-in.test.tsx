import { screen, waitFor } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { ME, problem } from "@/mocks/handlers";
import { renderApp } from "@/test/app";
import { server } from "@/test/setup";

function signedOut(): void {
  server.use(http.get("*/api/auth/me", () => problem(401, "Sign in", "Nobody is signed in.")));
}

describe("Signing in", () => {
  it("sends guests to the sign-in and back to where they wanted to go", async () => {
    signedOut();
    const { user, address } = renderApp("/records/accounts?q=steel");
    await user.type(await screen.findByLabelText("Work e-mail"), "ada@aldermoor.example");
    expect(address()).toContain("next=");
    await user.type(screen.getByLabelText("Password"), "correct horse");
    server.use(http.get("*/api/auth/me", () => HttpResponse.json(ME)));
    await user.click(screen.getByRole("button", { name: "Sign in" }));
    await waitFor(() => expect(address()).toBe("/records/accounts?q=steel"));
  });

  it("says what was wrong and keeps the address", async () => {
    signedOut();
    server.use(http.post("*/api/auth/login", () => problem(401, "Sign-in refused", "E-mail or password is wrong.")));
    const { user } = renderApp("/sign-in");
    await user.type(await screen.findByLabelText("Work e-mail"), "ada@aldermoor.example");
    await user.type(screen.getByLabelText("Password"), "wrong");
    await user.click(screen.getByRole("button", { name: "Sign in" }));
    expect(await screen.findByText(/E-mail or password is wrong/)).toBeVisible();
    expect(screen.getByLabelText("Work e-mail")).toHaveValue("ada@aldermoor.example");
  });

  it("uses a one-time link once and asks for a password", async () => {
    server.use(http.get("*/api/auth/me", () => HttpResponse.json({ ...ME, needs_password: true })));
    const { user, address } = renderApp("/sign-in?token=abc");
    expect(await screen.findByRole("heading", { name: "Set a password" })).toBeVisible();
    await user.type(screen.getByLabelText(/New password/), "a long enough sentence");
    await user.click(screen.getByRole("button", { name: "Set password" }));
    await waitFor(() => expect(address()).toBe("/"));
  });

  it("explains a used link", async () => {
    signedOut();
    server.use(http.post("*/api/auth/link", () => problem(401, "Link refused", "This link was used already.")));
    renderApp("/sign-in?token=abc");
    expect(await screen.findByText(/This link was used already/)).toBeVisible();
    expect(screen.getByRole("link", { name: "Sign in with a password" })).toBeVisible();
  });

  it("does not follow a next that leads to another site", async () => {
    const { address } = renderApp("/sign-in?next=//evil.example/");
    await waitFor(() => expect(address()).toBe("/"));
  });

  it("asks for a code where the account has a second factor, and says when it does not fit", async () => {
    signedOut();
    const bodies: { code?: string }[] = [];
    server.use(
      http.post("*/api/auth/login", async ({ request }) => {
        const body = (await request.json()) as { code?: string };
        bodies.push(body);
        if (body.code === "123456") return HttpResponse.json({ user: ME, needs_password: false });
        const kind = body.code ? "second-factor-failed" : "second-factor-needed";
        const detail = body.code ? "The code is wrong, too old, or was used already." : "This account has a second factor.";
        return HttpResponse.json({ type: `urn:salescommand:problem:${kind}`, title: "Code", status: 401, detail }, { status: 401 });
      }),
    );
    const { user, address } = renderApp("/sign-in");
    await user.type(await screen.findByLabelText("Work e-mail"), "ada@aldermoor.example");
    await user.type(screen.getByLabelText("Password"), "correct horse");
    await user.click(screen.getByRole("button", { name: "Sign in" }));
    const code = await screen.findByLabelText(/Code of your authenticator app/);
    expect(code).toHaveFocus();
    expect(screen.queryByRole("alert")).not.toBeInTheDocument();
    await user.type(code, "000000");
    await user.click(screen.getByRole("button", { name: "Sign in" }));
    expect(await screen.findByText(/wrong, too old/)).toBeVisible();
    await user.clear(code);
    await user.type(code, "123456");
    server.use(http.get("*/api/auth/me", () => HttpResponse.json(ME)));
    await user.click(screen.getByRole("button", { name: "Sign in" }));
    await waitFor(() => expect(address()).toBe("/"));
    expect(bodies.map((body) => body.code)).toEqual([undefined, "000000", "123456"]);
  });

  it("says that the current password was wrong, which is no matter of roles", async () => {
    const body = { type: "urn:salescommand:problem:wrong-password", title: "The current password is wrong", status: 403, detail: "Nothing was changed." };
    server.use(http.put("*/api/auth/password", () => HttpResponse.json(body, { status: 403 })));
    const { user } = renderApp("/password");
    await user.type(await screen.findByLabelText(/New password/), "a long enough sentence");
    await user.click(screen.getByRole("button", { name: "Set password" }));
    expect(await screen.findByText("Nothing was changed.")).toBeVisible();
    expect(screen.queryByText("Your role cannot see this")).not.toBeInTheDocument();
  });

  it("asks for a code after a link too", async () => {
    signedOut();
    server.use(
      http.post("*/api/auth/link", async ({ request }) => {
        const { code } = (await request.json()) as { code?: string };
        if (code) return HttpResponse.json({ user: ME, needs_password: false });
        return HttpResponse.json({ type: "urn:salescommand:problem:second-factor-needed", title: "Code", status: 401, detail: "x" }, { status: 401 });
      }),
    );
    const { user, address } = renderApp("/sign-in?token=abc");
    await user.type(await screen.findByLabelText(/Code of your authenticator app/), "123456");
    server.use(http.get("*/api/auth/me", () => HttpResponse.json(ME)));
    await user.click(screen.getByRole("button", { name: "Sign in" }));
    await waitFor(() => expect(address()).toBe("/"));
  });
});
