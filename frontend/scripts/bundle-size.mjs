// Fails when what a first visit to the overview loads grows over the limit. Reads the build's manifest.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const LIMIT = 150_000;
const manifest = JSON.parse(readFileSync("dist/.vite/manifest.json", "utf8"));

/** A chunk with everything that it imports at once. */
function closure(key, seen = new Set()) {
  if (seen.has(key)) return seen;
  seen.add(key);
  for (const next of manifest[key].imports ?? []) closure(next, seen);
  return seen;
}

function size(keys) {
  let sum = 0;
  for (const key of keys) sum += gzipSync(readFileSync(`dist/${manifest[key].file}`)).length;
  return sum;
}

const initial = closure("index.html");
const overview = new Set(initial);
for (const [key, chunk] of Object.entries(manifest)) {
  if (chunk.isDynamicEntry && /routes\/_app(\/index)?\.tsx/.test(key)) for (const one of closure(key)) overview.add(one);
}
const kB = (n) => `${(n / 1000).toFixed(1)} kB`;
console.log(`JavaScript, gzip: initial ${kB(size(initial))}, with the overview ${kB(size(overview))}, limit ${kB(LIMIT)}.`);
if (size(overview) > LIMIT) {
  console.error("What the first page loads is over its limit. Load the new part when it is opened.");
  process.exit(1);
}
