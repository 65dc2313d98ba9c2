import { expect, settled, test } from "./fixtures";

test("from a bar on the overview to the raw bytes, and back by the path", async ({ page }) => {
  await page.goto("/");
  await settled(page);
  const stages = page.getByRole("region", { name: "Pipeline by stage, table" });
  const row = stages.getByRole("row").nth(1);
  const stage = (await row.getByRole("rowheader").textContent())?.trim() ?? "";
  const deals = Number((await row.getByRole("link").nth(2).textContent())?.replace(/,/g, ""));
  await row.getByRole("link").first().click();

  await expect(page).toHaveURL(/\/records\/opportunities\?.*filter\[stage\]=/);
  await expect(page.getByRole("button", { name: `Remove filter Stage ${stage}` })).toBeVisible();
  const grid = page.getByRole("grid", { name: "Opportunities" });
  await expect(grid).toHaveAttribute("aria-rowcount", String(deals + 1));
  await grid.locator('[data-row="0"] a').click();

  const sheet = page.getByRole("complementary");
  await expect(sheet.getByRole("heading", { name: /^Fields/ })).toBeVisible();
  await sheet.getByRole("link", { name: "Stage: open the event it came from" }).click();

  await expect(page).toHaveURL(/\/events\/ev_/);
  await expect(page.getByText("matches the bytes shown here")).toBeVisible();
  const marked = await page.locator(".bytes").first().locator("mark").allTextContents();
  expect(marked.join("")).toContain(stage);
  const path = page.getByRole("navigation", { name: "From the number to the bytes" });
  for (const step of ["Number", "Rows", "Record", "Field", "Event", "Bytes"]) {
    await expect(path.getByText(step, { exact: true })).toBeVisible();
  }
  await path.getByRole("link", { name: /Rows/ }).click();
  await expect(grid).toHaveAttribute("aria-rowcount", String(deals + 1));
});

test("the four key numbers open to rows whose count they state", async ({ page }) => {
  await page.goto("/");
  await settled(page);
  const keys = page.getByRole("region", { name: "Key numbers" });
  const text = (await keys.getByRole("link", { name: /^[\d,]+ deals?$/ }).first().textContent()) ?? "";
  const deals = Number(text.replace(/\D/g, ""));
  expect(deals).toBeGreaterThan(0);
  await keys.locator(".figure a").first().click();
  await expect(page.getByRole("grid", { name: "Opportunities" })).toHaveAttribute("aria-rowcount", String(deals + 1));
  await expect(page.getByText(/in this view/)).toBeVisible();
});

test("a filter, a sort and an open record survive a reload and the Back button", async ({ page }) => {
  await page.goto("/records/opportunities");
  await settled(page);
  await page.getByRole("group", { name: "Facets" }).getByRole("checkbox", { name: /^won/ }).check();
  await expect(page).toHaveURL(/filter\[status\]=won/);
  await page.getByRole("button", { name: "Close", exact: true }).click();
  await expect(page).toHaveURL(/sort=-close_date/);
  await page.locator('[data-row="2"] a').click();
  await expect(page).toHaveURL(/open=opp_/);
  const title = await page.getByRole("complementary").getByRole("heading", { level: 2 }).textContent();
  await page.reload();
  await expect(page.getByRole("complementary").getByRole("heading", { level: 2 })).toHaveText(title ?? "");
  await page.keyboard.press("Escape");
  await expect(page).not.toHaveURL(/open=/);
  await page.goBack();
  await expect(page).toHaveURL(/open=opp_/);
});

test("the past is the whole application's, and Escape leaves it", async ({ page }) => {
  await page.goto("/");
  await settled(page);
  const figure = page.getByRole("region", { name: "Key numbers" }).locator(".figure").first();
  const live = await figure.textContent();
  await page.keyboard.press("a");
  await page.getByRole("button", { name: "End of last quarter" }).click();
  await expect(page.getByText(/end of day\./)).toBeVisible();
  await expect(figure).not.toHaveText(live ?? "");
  await page.keyboard.press("g");
  await page.keyboard.press("p");
  await expect(page).toHaveURL(/\/pipeline\?as_of=/);
  await settled(page);
  await page.keyboard.press("Escape");
  await expect(page).toHaveURL(/\/pipeline$/);
});

test("by keyboard alone: palette, list, record, next record, back", async ({ page }) => {
  await page.goto("/");
  await settled(page);
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to content" })).toBeFocused();
  await page.keyboard.press("Control+k");
  await expect(page.getByRole("combobox", { name: "Search or run" })).toBeFocused();
  await page.keyboard.type("opportunities");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/records\/opportunities/);
  await expect(page.getByRole("grid", { name: "Opportunities" }).locator('[data-row="3"]')).toBeVisible();
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/open=opp_/);
  const first = page.url();
  await page.keyboard.press("]");
  await expect(page).not.toHaveURL(first);
  await page.keyboard.press("[");
  await expect(page).toHaveURL(first);
  await page.keyboard.press("Escape");
  await expect(page).not.toHaveURL(/open=/);
  await page.keyboard.press("/");
  await page.keyboard.type("zzzzzz");
  await expect(page.getByText("No deals match.")).toBeVisible();
  await page.keyboard.press("Escape");
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog", { name: "Keys" })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog", { name: "Keys" })).toBeHidden();
});

test("a key is made and shown once, its event arrives, and after revoking it is refused", async ({ page, request }) => {
  await page.goto("/sources/hubspot");
  await settled(page);
  await page.getByRole("button", { name: "New key" }).click();
  await page.getByRole("button", { name: "Make the key" }).click();
  const key = (await page.locator("pre.code", { hasText: /^sc_wk_/ }).textContent())?.trim() ?? "";
  const post = (id: string) =>
    request.post(`${process.env.E2E_API}/api/microservices/ingest/hubspot/deal`, {
      headers: { authorization: `Bearer ${key}` },
      data: { id, properties: { dealname: "Made in the browser test", amount: "1200.00" } },
    });
  const id = `e2e-${Date.now()}`;
  const answer = await post(id);
  expect(answer.status()).toBe(200);
  const { event_id } = (await answer.json()) as { event_id: string };

  await expect(async () => {
    await page.goto(`/events/${event_id}`);
    await expect(page.getByText("matches the bytes shown here")).toBeVisible({ timeout: 2000 });
  }).toPass({ timeout: 20_000 });
  await expect(page.locator(".bytes").first()).toContainText(id);

  await page.goto("/sources/hubspot");
  await page.getByRole("button", { name: `Revoke the key that ends in ${key.slice(-4)}` }).click();
  await page.getByRole("button", { name: "Revoke the key", exact: true }).click();
  await expect(page.getByText(`The key that ends in ${key.slice(-4)} no longer works.`)).toBeVisible();
  await expect.poll(async () => (await post(`${id}-late`)).status()).toBe(401);
});

test("a refused value is seen in its bytes, corrected in a copy, taken back; its reason ignored and taken back", async ({ page }) => {
  await page.goto("/quarantine");
  await settled(page);
  const groups = page.locator(".groups .row.grow");
  const before = await groups.count();
  await groups.first().click();
  await expect(page).toHaveURL(/filter\[reason\]=/);
  await settled(page);
  await expect(page.locator(".bytes mark.bad")).toHaveCount(1);
  const waiting = Number((await page.locator(".groups [aria-current] .num").textContent())?.replace(/\D/g, ""));

  await page.getByRole("button", { name: "Correct a copy" }).click();
  const dialog = page.getByRole("dialog", { name: "Correct a copy" });
  const marked = (await page.locator(".bytes mark.bad").textContent()) ?? "";
  const payload = dialog.getByRole("textbox", { name: "Payload" });
  const text = await payload.inputValue();
  expect(text).toContain(marked);
  await payload.fill(text.replace(marked, marked.replace(/: .*$/s, ': "1200.00"')));
  await dialog.getByRole("textbox", { name: "Reason" }).fill("as the customer said");
  await dialog.getByRole("button", { name: "Post the copy" }).click();
  await expect(page.locator(".groups [aria-current] .num")).toHaveText(String(waiting - 1));
  const log = page.getByRole("region", { name: "Done lately" });
  await expect(log.getByText("as the customer said")).toBeVisible();
  await page.locator(".toast").getByRole("button", { name: "Undo" }).click();
  await expect(page.locator(".groups [aria-current] .num")).toHaveText(String(waiting));

  await page.getByRole("button", { name: "Ignore", exact: true }).click();
  await page.getByRole("dialog").getByRole("textbox", { name: "Reason" }).fill("a rehearsal");
  await page.getByRole("dialog").getByRole("button", { name: "Ignore" }).click();
  await expect(groups).toHaveCount(before - 1);
  await expect(page.getByText(/ignored\.$/)).toBeVisible();
  await page.getByRole("group", { name: "State" }).getByRole("button", { name: "Ignored" }).click();
  await expect(groups).toHaveCount(1);
  await page.getByRole("group", { name: "State" }).getByRole("button", { name: "Waiting" }).click();
  await log.getByRole("button", { name: /^Undo: Ignored/ }).click();
  await expect(groups).toHaveCount(before);
});

test("guests see the sign-in and nothing else", async ({ browser, baseURL }) => {
  const context = await browser.newContext({ storageState: { cookies: [], origins: [] } });
  const page = await context.newPage();
  await page.goto(`${baseURL}/records/accounts`);
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  await expect(page).toHaveURL(/\/sign-in\?next=/);
  await context.close();
});

test("nothing is asked of any other host", async ({ page, baseURL }) => {
  const hosts = new Set<string>();
  page.on("request", (request) => hosts.add(new URL(request.url()).origin));
  await page.goto("/");
  await settled(page);
  await page.goto("/system");
  await settled(page);
  expect([...hosts].filter((origin) => origin !== "null")).toEqual([baseURL]);
});
