import AxeBuilder from "@axe-core/playwright";
import { addresses, expect, settled, test } from "./fixtures";

const THEMES = ["light", "dark"] as const;
const WIDTHS = [1440, 1024, 390, 320];

for (const theme of THEMES) {
  test(`axe finds nothing on any page, ${theme}`, async ({ page }) => {
    test.setTimeout(240_000);
    await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
    for (const [name, address] of Object.entries(await addresses(page))) {
      await page.goto(address);
      await settled(page);
      const { violations } = await new AxeBuilder({ page }).analyze();
      const told = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(" | ")}`);
      expect.soft(told, `${name}, ${address}`).toEqual([]);
    }
  });

  test(`axe finds nothing in what opens over a page, ${theme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
    await page.goto("/");
    await settled(page);
    const check = async (name: string) => {
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect.soft(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`), name).toEqual([]);
    };
    await page.getByRole("button", { name: "What Open pipeline means" }).click();
    await check("definition");
    await page.keyboard.press("Escape");
    await page.keyboard.press("a");
    await check("as-of picker");
    await page.keyboard.press("Escape");
    await page.keyboard.press("f");
    await page.getByRole("button", { name: "Source", exact: true }).click();
    await expect(page.getByRole("dialog", { name: "Add a filter" }).getByRole("checkbox").first()).toBeVisible();
    await check("filter");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+k");
    await expect(page.getByRole("dialog", { name: "Search or run" })).toBeVisible();
    await check("palette");
    await page.keyboard.press("Escape");
    await page.keyboard.press("?");
    await expect(page.getByRole("dialog", { name: "Keys" })).toBeVisible();
    await check("keys");
  });
}

test("axe finds nothing on the sign-in, both themes", async ({ browser, baseURL }) => {
  for (const colorScheme of THEMES) {
    const context = await browser.newContext({ colorScheme, storageState: { cookies: [], origins: [] } });
    const page = await context.newPage();
    await page.goto(`${baseURL}/sign-in`);
    await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect.soft(violations.map(({ id }) => id)).toEqual([]);
    await context.close();
  }
});

test("no page scrolls sideways at any width", async ({ page }) => {
  test.setTimeout(240_000);
  const all = await addresses(page);
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 844 });
    for (const [name, address] of Object.entries(all)) {
      await page.goto(address);
      await settled(page);
      const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      expect.soft(over, `${name} at ${width}`).toBeLessThanOrEqual(0);
    }
  }
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
