import { expect, settled, test } from "./fixtures";

test("when the API stops, the figures stay with their age and a retry", async ({ page, request }) => {
  await page.goto("/");
  await settled(page);
  const figure = page.getByRole("region", { name: "Key numbers" }).locator(".figure").first();
  const before = await figure.textContent();

  process.kill(Number(process.env.E2E_PID), "SIGTERM");
  await expect
    .poll(() => request.get(`${process.env.E2E_UI}/health`).then(() => "answers", () => "gone"), { timeout: 30_000 })
    .toBe("gone");

  await expect(page.getByText(/Figures from .* are kept below/).first()).toBeVisible({ timeout: 40_000 });
  await expect(figure).toHaveText(before ?? "");
  await page.getByRole("button", { name: "Retry" }).first().click();
  await expect(page.getByText("The API could not be reached.").first()).toBeVisible();
});
