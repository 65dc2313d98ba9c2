// Fails when src/api/schema.gen.ts is not what openapi.json gives: `npm run api` was forgotten.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const fresh = join(mkdtempSync(join(tmpdir(), "salescommand-api-")), "schema.gen.ts");
const run = spawnSync("npx", ["openapi-typescript", "openapi.json", "-o", fresh], { stdio: ["ignore", "ignore", "inherit"] });
if (run.status !== 0) process.exit(run.status ?? 1);
if (readFileSync(fresh, "utf8") !== readFileSync("src/api/schema.gen.ts", "utf8")) {
  console.error("src/api/schema.gen.ts is older than openapi.json: run `npm run api` and commit both.");
  process.exit(1);
}
console.log("src/api/schema.gen.ts matches openapi.json.");
