import { fileURLToPath } from "node:url";
import tailwindcss from "@tailwindcss/vite";
import { tanstackRouter } from "@tanstack/router-plugin/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { previewData } from "./scripts/preview-data";

const api = process.env.SALESCOMMAND_API_URL ?? "http://127.0.0.1:8001";

export default defineConfig(({ mode }) => ({
  plugins: [
    tanstackRouter({ target: "react", autoCodeSplitting: true, routeFileIgnorePattern: ".test." }),
    react(),
    tailwindcss(),
    // `npm run dev -- --mode preview` answers /api from the tests' data; the built bundle never sees it.
    ...(mode === "preview" ? [previewData()] : []),
  ],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  server: { port: 5173, ...(mode === "preview" ? {} : { proxy: { "/api": api, "/health": api } }) },
  build: { target: "es2023", sourcemap: false, manifest: true, assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  test: {
    environment: "jsdom",
    globals: true,
    setupFiles: ["./src/test/setup.ts"],
    include: ["src/**/*.test.{ts,tsx}"],
    restoreMocks: true,
    testTimeout: 30_000,
    env: { TZ: "Europe/Berlin" },
  },
}));
