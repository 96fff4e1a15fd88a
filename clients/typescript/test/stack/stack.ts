/** The development stack that the tests are run against. */

import { readFile } from "node:fs/promises";

import { TidemarkClient, type ClientOptions } from "@tidemark/client";

interface Account {
  email: string;
  password: string;
}

interface Stack {
  baseUrl: string;
  tenant: string;
  editor: Account;
  otherTenant: { tenant: string };
}

const root = new URL("../../../../", import.meta.url);
const described = process.env["TIDEMARK_DEV_JSON"] ?? new URL(".tidemark/dev.json", root);
const document = JSON.parse(await readFile(new URL("docs/openapi.json", root), "utf8")) as { paths: object };

export const stack = JSON.parse(await readFile(described, "utf8")) as Stack;

/** A client of the demo tenant in which nobody is signed in. */
export function client(options: Partial<ClientOptions> = {}): TidemarkClient {
  return new TidemarkClient({ baseUrl: stack.baseUrl, tenant: stack.tenant, ...options });
}

/** Whether the document knows a path. */
export function documented(path: string): boolean {
  return path in document.paths;
}
