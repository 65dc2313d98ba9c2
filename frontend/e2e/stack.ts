import { execFile, spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { chromium } from "@playwright/test";
import config from "../playwright.config";

/**
 * The real thing: `salescommand dev --demo` on embedded stores in a folder of its own, and a person who signed in with
 * a one-time link. `SALESCOMMAND_E2E_EVENTS` changes the size of the demo.
 */

const COMMAND = process.env.SALESCOMMAND ?? join(import.meta.dirname, "../../.venv/bin/salescommand");
const EVENTS = process.env.SALESCOMMAND_E2E_EVENTS ?? "3000";
const READY_MS = 240_000;

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}

/** Resolves when the banner says ready; tells everything the process said when it does not. */
function ready(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = "";
    const fail = (why: string) => reject(new Error(`salescommand dev ${why}. It said:\n${said}`));
    const timer = setTimeout(() => fail(`was not ready within ${READY_MS / 1000} s`), READY_MS);
    const hear = (chunk: Buffer) => {
      said += chunk.toString();
      if (!/\bready\b/.test(said)) return;
      clearTimeout(timer);
      resolve();
    };
    child.stdout?.on("data", hear);
    child.stderr?.on("data", hear);
    child.once("exit", (code) => {
      clearTimeout(timer);
      fail(`ended with ${code}`);
    });
  });
}

async function signInLink(data: string, uiPort: number): Promise<string> {
  const { stdout } = await promisify(execFile)(COMMAND, ["user", "create", "e2e@example.com", "--role", "admin"], {
    env: { ...process.env, SALESCOMMAND_DATA_DIR: data, SALESCOMMAND_UI_PORT: String(uiPort) },
  });
  const link = /https?:\/\/\S+/.exec(stdout)?.[0];
  if (!link) throw new Error(`salescommand user create printed no link: ${stdout}`);
  const url = new URL(link);
  return `http://localhost:${uiPort}${url.pathname}${url.search}${url.hash}`;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill("SIGTERM");
  await ended;
}

export default async function stack(): Promise<() => Promise<void>> {
  const data = await mkdtemp(join(tmpdir(), "salescommand-e2e-"));
  const [apiPort, uiPort, metricsPort] = [await freePort(), await freePort(), await freePort()];
  const child = spawn(
    COMMAND,
    ["dev", "--demo", "--demo-events", EVENTS, "--data", data, "--api-port", String(apiPort), "--ui-port", String(uiPort)],
    { env: { ...process.env, SALESCOMMAND_METRICS_PORT: String(metricsPort) }, stdio: ["ignore", "pipe", "pipe"] },
  );
  try {
    await ready(child);
    const link = await signInLink(data, uiPort);
    const browser = await chromium.launch(config.use?.launchOptions);
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(link);
    await page.getByRole("heading", { name: "Set a password" }).waitFor();
    process.env.E2E_UI = `http://localhost:${uiPort}`;
    process.env.E2E_API = `http://localhost:${apiPort}`;
    process.env.E2E_PID = String(child.pid);
    process.env.E2E_STATE = join(data, "e2e-session.json");
    await context.storageState({ path: process.env.E2E_STATE });
    await browser.close();
  } catch (error) {
    await stop(child);
    await rm(data, { recursive: true, force: true });
    throw error;
  }
  return async () => {
    await stop(child);
    await rm(data, { recursive: true, force: true });
  };
}
