import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { addresses, expect, settled, test } from "./fixtures";

const THEMES = ["light", "dark"] as const;
const WIDTHS = [1440, 1024, 390, 320];

/** Checks what is shown, in both themes: the page follows the machine's without being loaded again. */
async function accessible(page: Page, what: string): Promise<void> {
  for (const theme of THEMES) {
    await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
    await expect(page.locator("html")).toHaveAttribute("data-theme", theme);
    const { violations } = await new AxeBuilder({ page }).analyze();
    const told = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(" | ")}`);
    expect.soft(told, `${what}, ${theme}`).toEqual([]);
  }
}

/** The pages are looked at in parts, so that none takes too long on a busy machine. */
const PARTS = 3;

for (let own = 0; own < PARTS; own += 1) {
  test(`on any page axe finds nothing in either theme, and nothing scrolls sideways at any width, ${own + 1} of ${PARTS}`, async ({ page }) => {
    test.setTimeout(600_000);
    const pages = Object.entries(await addresses(page)).filter((_, index) => index % PARTS === own);
    for (const [name, address] of pages) await everyWidth(page, name, address);
  });
}

async function everyWidth(page: Page, name: string, address: string): Promise<void> {
  await page.goto(address);
  await settled(page);
  await accessible(page, `${name}, ${address}`);
  const wide = page.viewportSize();
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 844 });
    await settled(page);
    const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect.soft(over, `${name} at ${width}`).toBeLessThanOrEqual(0);
  }
  if (wide) await page.setViewportSize(wide);
}

test("axe finds nothing in what opens over a page", async ({ page }) => {
  await page.goto("/");
  await settled(page);
  await page.getByRole("button", { name: "What Open pipeline means" }).click();
  await accessible(page, "definition");
  await page.keyboard.press("Escape");
  await page.keyboard.press("a");
  await accessible(page, "as-of picker");
  await page.keyboard.press("Escape");
  await page.keyboard.press("f");
  await page.getByRole("button", { name: "Source", exact: true }).click();
  await expect(page.getByRole("dialog", { name: "Add a filter" }).getByRole("checkbox").first()).toBeVisible();
  await accessible(page, "filter");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+k");
  await expect(page.getByRole("dialog", { name: "Search or run" })).toBeVisible();
  await accessible(page, "palette");
  await page.keyboard.press("Escape");
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog", { name: "Keys" })).toBeVisible();
  await accessible(page, "keys");
});

test("axe finds nothing on the sign-in", async ({ browser, baseURL }) => {
  const context = await browser.newContext({ storageState: { cookies: [], origins: [] } });
  const page = await context.newPage();
  await page.goto(`${baseURL}/sign-in`);
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  await accessible(page, "sign-in");
  await context.close();
});

test("the theme follows the machine, can be switched, and stays", async ({ page }) => {
  await page.emulateMedia({ colorScheme: "dark" });
  await page.goto("/");
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await page.getByRole("button", { name: "Switch to the light theme" }).click();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "light");
  await page.reload();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "light");
});
