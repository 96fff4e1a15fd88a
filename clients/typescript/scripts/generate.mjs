// Makes src/generated from the committed OpenAPI document: the types, and which commands remember an Idempotency-Key.

import { readFile, writeFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";

import openapiTS, { astToString } from "openapi-typescript";

const document = new URL("../../../docs/openapi.json", import.meta.url);
const folder = new URL("../src/generated/", import.meta.url);
const notice = "// Generated from docs/openapi.json by `npm run generate`; a test compares them.\n\n";

/** What each file in src/generated has to say. */
export async function generated() {
  const openapi = JSON.parse(await readFile(document, "utf8"));
  // A default is what the server puts in for a field that is left out, so it makes no field of a request required.
  const types = await openapiTS(openapi, { defaultNonNullable: false });
  return { "schema.ts": notice + astToString(types), "keyed.ts": notice + keyed(openapi) };
}

function keyed(openapi) {
  const takesKey = (operation) => (operation.parameters ?? []).some(({ name }) => name === "Idempotency-Key");
  const commands = Object.entries(openapi.paths).flatMap(([path, operations]) =>
    Object.entries(operations)
      .filter(([, operation]) => takesKey(operation))
      .map(([method]) => `${method.toUpperCase()} ${path}`),
  );
  const lines = commands.sort().map((command) => `  ${JSON.stringify(command)},\n`);
  return `/** The commands that remember an \`Idempotency-Key\`. */\nexport const KEYED: ReadonlySet<string> = new Set([\n${lines.join("")}]);\n`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  for (const [name, text] of Object.entries(await generated())) {
    await writeFile(new URL(name, folder), text);
  }
}
