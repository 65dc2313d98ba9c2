import { defineConfig } from "@playwright/test";

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";

export default defineConfig({
  testDir: "e2e",
  globalSetup: "./e2e/stack.ts",
  // The walk and the pages side by side; the files share the stack, and only the walk changes what is in it.
  workers: 2,
  timeout: 90_000,
  expect: { timeout: 20_000 },
  reporter: [["list"]],
  outputDir: "test-results",
  use: {
    viewport: { width: 1440, height: 1000 },
    screenshot: "only-on-failure",
    launchOptions: {
      executablePath: CHROMIUM,
      // Debian's Chromium as root, with everything off that would reach for a network.
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
  projects: [
    { name: "walk", testIgnore: "stopped.spec.ts" },
    // Stops the stack, so it comes last.
    { name: "stopped", testMatch: "stopped.spec.ts", dependencies: ["walk"] },
  ],
});
