import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

const root = new URL("../../", import.meta.url);

test("the committed types are those of the committed document; `npm run generate` makes them anew", async () => {
  const script = (await import(new URL("scripts/generate.mjs", root).href)) as {
    generated(): Promise<Record<string, string>>;
  };
  for (const [name, text] of Object.entries(await script.generated())) {
    const committed = await readFile(new URL(`src/generated/${name}`, root), "utf8");
    assert.ok(committed === text, `src/generated/${name} is not what docs/openapi.json says`);
  }
});

test("the lock file names no server", async () => {
  const lock = await readFile(new URL("package-lock.json", root), "utf8");
  assert.ok(!lock.includes('"resolved"'));
});
