// Takes a picture of each page at two widths in both themes: `npm run shots -- http://localhost:3000 [sign-in link] [folder]`.
import { mkdir } from "node:fs/promises";
import { chromium } from "@playwright/test";

const [base = "http://localhost:3000", link = "", folder = "shots"] = process.argv.slice(2);
const only = process.env.ONLY?.split(",");
const WIDTHS = [
  { name: "1440", width: 1440, height: 1000 },
  { name: "390", width: 390, height: 844 },
];
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"];

await mkdir(folder, { recursive: true });
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });

async function settled(page) {
  await page.waitForLoadState("networkidle").catch(() => undefined);
  await page.locator("#main").waitFor({ timeout: 15_000 }).catch(() => undefined);
  await page.locator(".skel").first().waitFor({ state: "detached", timeout: 8000 }).catch(() => undefined);
}

async function first(context, path, selector, attribute = "href") {
  const page = await context.newPage();
  await page.goto(base + path);
  const found = await page.locator(selector).first().getAttribute(attribute, { timeout: 10_000 }).catch(() => null);
  await page.close();
  return found;
}

const context = await browser.newContext();
if (link) {
  const page = await context.newPage();
  await page.goto(link);
  await page.waitForURL((url) => !url.pathname.startsWith("/sign-in"), { timeout: 15_000 });
  await page.close();
}
const list = "/records/opportunities?filter[status]=open&metric=open-pipeline&sort=-amount";
const openLink = await first(context, list, '[data-row="1"] a');
const id = openLink ? new URL(base + openLink).searchParams.get("open") : "";
const rows = encodeURIComponent("filter[status]=open&metric=open-pipeline&sort=-amount");
const event = await first(context, `/records/opportunities/${id}?rows=${rows}`, "a.prov");
const source = await first(context, "/sources", "tbody th a");

const pages = {
  overview: "/",
  pipeline: "/pipeline",
  "pipeline-past": `/pipeline?as_of=${new Date(Date.now() - 60 * 864e5).toISOString().slice(0, 10)}`,
  bridge: `/bridge?from=${new Date(Date.now() - 90 * 864e5).toISOString().slice(0, 10)}`,
  "win-rate": "/win-rate",
  team: "/team",
  receivables: "/receivables",
  glossary: "/glossary",
  invoices: "/records/invoices",
  deals: list,
  "deal-sheet": `${list}&open=${id}`,
  deal: `/records/opportunities/${id}?rows=${rows}`,
  accounts: "/records/accounts",
  event: event ?? "/events",
  events: "/events",
  quarantine: "/quarantine",
  sources: "/sources",
  source: source ?? "/sources",
  system: "/system",
  users: "/users",
  audit: "/audit",
  account: "/account",
  "not-found": "/nowhere",
};
const state = await context.storageState();
for (const size of WIDTHS) {
  for (const theme of ["light", "dark"]) {
    const own = await browser.newContext({ viewport: { width: size.width, height: size.height }, colorScheme: theme, storageState: state });
    for (const [name, path] of Object.entries(pages)) {
      if (only && !only.includes(name)) continue;
      const page = await own.newPage();
      await page.goto(base + path);
      await settled(page);
      await page.screenshot({ path: `${folder}/${name}-${size.name}-${theme}.png`, fullPage: true });
      await page.close();
    }
    await own.close();
  }
}
if (!only || only.includes("sign-in")) {
  const guest = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await guest.newPage();
  await page.goto(`${base}/sign-in`);
  await settled(page);
  await page.screenshot({ path: `${folder}/sign-in-1440-light.png` });
}
await browser.close();
