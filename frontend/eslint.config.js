import js from "@eslint/js";
import reactHooks from "eslint-plugin-react-hooks";
import globals from "globals";
import tseslint from "typescript-eslint";

const features = ["bridge", "events", "metrics", "overview", "pipeline", "quarantine", "receivables", "records", "sign-in", "sources", "system", "team", "users", "win-rate"];

export default tseslint.config(
  { ignores: ["dist", "src/api/schema.gen.ts", "src/routeTree.gen.ts", "test-results", "playwright-report", "shots"] },
  js.configs.recommended,
  {
    files: ["**/*.{ts,tsx}"],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true }, globals: globals.browser },
    rules: {
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/only-throw-error": ["error", { allow: [{ from: "package", package: "@tanstack/router-core", name: ["Redirect", "NotFoundError"] }] }],
      "max-lines": ["error", { max: 400, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    files: ["src/**/*.{ts,tsx}"],
    ...reactHooks.configs.flat["recommended-latest"],
    rules: {
      ...reactHooks.configs.flat["recommended-latest"].rules,
      // Tells of the React Compiler, which is not used here.
      "react-hooks/incompatible-library": "off",
    },
  },
  {
    // Shared code knows no feature, and no feature knows another: what two need goes to components or lib.
    files: ["src/{api,components,lib}/**/*.{ts,tsx}"],
    ignores: ["**/*.test.{ts,tsx}"],
    rules: { "no-restricted-imports": ["error", { patterns: ["@/features/*", "@/routes/*", "@/mocks/*"] }] },
  },
  ...features.map((feature) => ({
    files: [`src/features/${feature}/**/*.{ts,tsx}`],
    rules: {
      "no-restricted-imports": [
        "error",
        { patterns: ["../*", "@/routes/*", ...features.map((other) => `@/features/${other}/*`)] },
      ],
    },
  })),
  {
    files: ["src/lib/**/*.{ts,tsx}"],
    ignores: ["**/*.test.{ts,tsx}"],
    rules: { "no-restricted-imports": ["error", { patterns: ["@/features/*", "@/components/*", "@/routes/*"] }] },
  },
  // Playwright's fixtures name what they need in their first argument, also when that is nothing.
  { files: ["e2e/**/*.ts"], rules: { "no-empty-pattern": "off" } },
  { files: ["scripts/*.mjs", "*.config.js", "public/*.js"], languageOptions: { globals: { ...globals.node, ...globals.browser } } },
);
