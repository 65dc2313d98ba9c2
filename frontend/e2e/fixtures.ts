import { test as base, expect, type Page } from "@playwright/test";

function need(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: the stack of e2e/stack.ts did not start`);
  return value;
}

/** Every test is signed in at the running stack. A page that breaks the content policy or throws fails its test. */
export const test = base.extend<{ faults: string[] }>({
  baseURL: ({}, use) => use(need("E2E_UI")),
  storageState: ({}, use) => use(need("E2E_STATE")),
  faults: [
    async ({ page }, use) => {
      const faults: string[] = [];
      page.on("pageerror", (error) => faults.push(error.message));
      page.on("console", (message) => {
        if (/Content Security Policy|Refused to/.test(message.text())) faults.push(message.text());
      });
      await use(faults);
      expect(faults).toEqual([]);
    },
    { auto: true },
  ],
});

export { expect };

/** Waits until nothing on the page is still on its way. */
export async function settled(page: Page): Promise<void> {
  await expect(page.locator("#main")).toBeVisible();
  await expect(page.locator(".skel")).toHaveCount(0);
}

/** Addresses of one page of each kind, found by walking, so that they exist in whatever data there is. */
export async function addresses(page: Page): Promise<Record<string, string>> {
  await page.goto("/records/opportunities?filter[status]=open&metric=open-pipeline");
  await page.locator('[data-row="0"] a').click();
  await expect(page).toHaveURL(/open=opp_/);
  const sheet = new URL(page.url());
  const id = sheet.searchParams.get("open") ?? "";
  const field = await page.locator(".sheet a.prov").first().getAttribute("href");
  await page.goto("/sources");
  const source = await page.locator("tbody th a").first().getAttribute("href");
  return {
    overview: "/",
    pipeline: "/pipeline",
    "pipeline by team": "/pipeline?by=team&show=deals",
    bridge: "/bridge",
    "bridge with deals": "/bridge?from=2026-06-30&movement=won&by=owner",
    past: "/?as_of=2026-10-01",
    deals: "/records/opportunities",
    "deal in a sheet": `${sheet.pathname}${sheet.search}`,
    deal: `/records/opportunities/${id}`,
    accounts: "/records/accounts",
    contacts: "/records/contacts",
    activities: "/records/activities",
    products: "/records/products",
    invoices: "/records/invoices",
    owners: "/records/owners",
    quotas: "/records/quotas",
    "exchange rates": "/records/exchange-rates",
    "stage visits": "/records/stage-visits?metric=stage-conversion",
    team: "/team",
    "team last quarter": "/team?by=team&period=last",
    receivables: "/receivables",
    metrics: "/glossary",
    "a metric": "/glossary#win-rate",
    "win rate": "/win-rate",
    "win rate compared": "/win-rate?by=owner&show=value&compare=2026-09-01",
    events: "/events",
    event: field ?? "/events",
    quarantine: "/quarantine",
    mappings: "/mappings",
    mapping: "/mappings/kind%3Ahubspot/opportunity",
    sources: "/sources",
    source: source ?? "/sources",
    system: "/system",
    users: "/users",
    audit: "/audit",
    account: "/account",
    password: "/password",
    "not found": "/nowhere",
  };
}
