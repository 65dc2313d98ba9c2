import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { expect, settled, test } from "./fixtures";

const SOURCE = "web-shop";

/** In both themes axe finds nothing in what is shown, and at no width does the page, a table or a dialog scroll sideways. */
async function sound(page: Page, what: string): Promise<void> {
  for (const theme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
    await expect(page.locator("html")).toHaveAttribute("data-theme", theme);
    const { violations } = await new AxeBuilder({ page }).analyze();
    const told = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(" | ")}`);
    expect.soft(told, `${what}, ${theme}`).toEqual([]);
  }
  const wide = page.viewportSize();
  for (const width of [1440, 1024, 390, 320]) {
    await page.setViewportSize({ width, height: 844 });
    const over = await page.evaluate(() =>
      [document.documentElement, ...document.querySelectorAll("dialog[open], main .scroll")].map((one) => one.scrollWidth - one.clientWidth),
    );
    expect.soft(Math.max(...over), `${what} at ${width}`).toBeLessThanOrEqual(0);
  }
  if (wide) await page.setViewportSize(wide);
}

test("add a source and see its event, then revoke its key and be refused", async ({ page, request }) => {
  test.setTimeout(180_000);
  await page.goto("/sources");
  await settled(page);
  await page.getByRole("button", { name: "Add a source" }).click();
  const dialog = page.getByRole("dialog", { name: "Add a source" });
  await dialog.getByRole("button", { name: "Anything else" }).click();
  await dialog.getByLabel("Name in the address").fill(SOURCE);
  await dialog.getByLabel("What people call it").fill("Web shop");
  await sound(page, "adding a source");
  await dialog.getByRole("button", { name: "Make the source and its key" }).click();
  const key = (await dialog.locator("pre.code", { hasText: /^\s*sc_wk_/ }).textContent())?.trim() ?? "";
  await expect(dialog.getByText(`Authorization: Bearer ${key}`, { exact: true })).toBeVisible();
  await expect(dialog.getByText(/Waiting for the first event/)).toBeVisible();
  await sound(page, "settings to paste");
  await dialog.getByRole("button", { name: "Send a test event" }).click();
  await expect(dialog.getByText("It arrived")).toBeVisible();
  await expect(dialog.getByText("Accepted 200")).toBeVisible();
  await dialog.getByRole("link", { name: `Open ${SOURCE}` }).click();

  await expect(page.getByRole("heading", { name: "Web shop" })).toBeVisible();
  const requests = page.getByRole("region", { name: "Latest requests, table" });
  await expect(requests.getByRole("row")).toHaveCount(2);
  const post = (data: object, word = "deal") =>
    request.post(`${process.env.E2E_API}/api/microservices/ingest/${SOURCE}/${word}`, {
      headers: { authorization: `Bearer ${key}` },
      data,
    });
  expect((await post({ id: "e2e-1", note: "seen while looking" })).status()).toBe(200);
  await expect(requests.getByRole("row")).toHaveCount(3);

  await page.getByRole("button", { name: "Pause source" }).click();
  await expect(page.getByText("Web shop is paused.", { exact: true })).toBeVisible();
  await expect.poll(async () => (await post({ id: "e2e-2" })).status()).toBe(503);
  await expect(requests.getByText(/Not taken 503/).first()).toBeVisible();
  await sound(page, "a paused source");
  await page.getByRole("button", { name: "Resume source" }).click();
  await expect.poll(async () => (await post({ id: "e2e-2" })).status()).toBe(200);
  await page.getByRole("group", { name: "Which requests" }).getByRole("button", { name: "Failures" }).click();
  await expect(requests.getByText(/Accepted 200/)).toHaveCount(0);

  // What came is in the lake after a while, and then its fields can be promised.
  const contract = page.getByRole("region", { name: "Contract" });
  await expect(async () => {
    await page.reload();
    await settled(page);
    await contract.getByRole("combobox").selectOption("test");
    await expect(contract.getByRole("cell", { name: "note" })).toBeVisible({ timeout: 3000 });
  }).toPass({ timeout: 40_000 });
  await contract.getByRole("button", { name: "Expect what was seen" }).click();
  await sound(page, "expecting what was seen");
  await page.getByLabel("A record that breaks it is").selectOption("refuse");
  await page.getByRole("button", { name: "Put it in force" }).click();
  await expect(contract.getByText(/Version 1, .*records that break it are refused/)).toBeVisible();
  await expect.poll(async () => (await post({ id: 7 }, "test")).status()).toBe(422);
  await expect(page.getByRole("region", { name: "Latest requests, table" }).getByText(/Rejected 422/).first()).toBeVisible();

  for (const [button, name] of [
    ["New key", "New key"],
    ["Set a limit", "Limit the rate"],
    ["Verify signatures", "Verify signatures"],
    [`Replace the key that ends in ${key.slice(-4)}`, `Replace the key that ends in ${key.slice(-4)}`],
  ] as const) {
    await page.getByRole("button", { name: button }).click();
    await expect(page.getByRole("dialog", { name })).toBeVisible();
    if (name === "Verify signatures") await page.getByLabel("How the vendor signs").selectOption("hmac");
    await sound(page, name);
    await page.keyboard.press("Escape");
    await expect(page.getByRole("dialog", { name })).toBeHidden();
  }

  const ends = key.slice(-4);
  await page.getByRole("button", { name: `Replace the key that ends in ${ends}` }).click();
  await page.getByRole("button", { name: "Make the new key" }).click();
  await expect(page.getByText(new RegExp(`The key that ends in ${ends} works beside it until`))).toBeVisible();
  await sound(page, "a key that was replaced");
  expect((await post({ id: "e2e-3" })).status()).toBe(200);

  await page.getByRole("button", { name: `Revoke the key that ends in ${ends}` }).click();
  await sound(page, "revoking a key");
  await page.getByRole("button", { name: "Revoke the key", exact: true }).click();
  await expect(page.getByText(`The key that ends in ${ends} no longer works.`)).toBeVisible();
  await expect.poll(async () => (await post({ id: "e2e-4" })).status()).toBe(401);
});
