import { readFile } from "node:fs/promises";
import { expect, settled, test } from "./fixtures";

/** `+$3,901,151` and `−$77` as numbers; enough for sums of whole units. */
function amount(text: string | null): number {
  return Number((text ?? "").replace("\u2212", "-").replace(/[^\d-]/g, ""));
}

test("a bridge adds up, opens its deals, and ends where the page stands", async ({ page }) => {
  await page.goto("/bridge");
  await settled(page);
  await page.getByRole("button", { name: /^From: / }).click();
  await page.getByRole("button", { name: "End of last quarter" }).click();
  await expect(page).toHaveURL(/\/bridge\?from=\d{4}-\d\d-\d\d/);
  await settled(page);
  await page.getByRole("button", { name: "Show as table" }).click();
  const table = page.getByRole("region", { name: "Bridge, table" });
  const figures = (await table.getByRole("row").filter({ has: page.getByRole("link") }).locator("td:nth-child(2)").allTextContents()).map(amount);
  const closing = figures.pop() ?? 0;
  expect(figures.length).toBeGreaterThan(1);
  // Whole units are shown: each figure may be rounded by a half.
  expect(Math.abs(figures.reduce((sum, one) => sum + one, 0) - closing)).toBeLessThanOrEqual(figures.length);

  const won = table.getByRole("row", { name: /^Won/ });
  const deals = Number(await won.locator("td:nth-child(3)").textContent());
  await won.getByRole("link").click();
  await expect(page).toHaveURL(/movement=won/);
  const list = page.getByRole("region", { name: "Won, deals" });
  await expect(list.locator("tbody tr")).toHaveCount(Math.min(50, deals));

  // The opening is a list of the past: its own date, its own rows.
  const opened = table.getByRole("row", { name: /^Open on/ }).first();
  const open = Number(await opened.locator("td:nth-child(3)").textContent());
  await opened.getByRole("link").click();
  await expect(page).toHaveURL(/as_of=\d{4}-\d\d-\d\d/);
  await expect(page.getByText(/end of day\./)).toBeVisible();
  await expect(page.getByRole("grid", { name: "Opportunities" })).toHaveAttribute("aria-rowcount", String(open + 1));

  // The page's day is the bridge's second date, and Escape brings both back to now.
  await page.keyboard.press("g");
  await page.keyboard.press("b");
  await expect(page).toHaveURL(/\/bridge\?as_of=/);
  await settled(page);
  await expect(page.getByRole("heading", { name: /^Open pipeline, .* to now/ })).toHaveCount(0);
  await page.keyboard.press("Escape");
  await expect(page).toHaveURL(/\/bridge$/);
  await expect(page.getByRole("heading", { name: /^Open pipeline, .* to now/ })).toBeVisible();
});

test("what a list or a panel shows is saved as a file", async ({ page }) => {
  await page.goto("/records/invoices?filter[status]=paid&sort=-value");
  await settled(page);
  const rows = Number(await page.getByRole("grid", { name: "Invoices" }).getAttribute("aria-rowcount")) - 1;
  const [list] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Invoices as CSV" }).click()]);
  expect(list.suggestedFilename()).toBe("invoice.csv");
  const lines = (await readFile(await list.path(), "utf8")).trim().split("\n");
  expect(lines).toHaveLength(rows + 1);

  await page.goto("/win-rate");
  await settled(page);
  const [rates] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Win rate by team as CSV" }).click()]);
  expect(await readFile(await rates.path(), "utf8")).toContain("Team,Win rate,Won,Closed");
});
