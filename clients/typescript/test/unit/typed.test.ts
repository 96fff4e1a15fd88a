/** What does not fit the document does not compile: a line below that compiles against its `@ts-expect-error` fails. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { type components, type TidemarkClient } from "@tidemark/client";

/** Each fits where the other is wanted, and neither is `any`. */
type Same<A, B> = 0 extends 1 & A ? false : [A] extends [B] ? ([B] extends [A] ? true : false) : false;
const same = <A, B>(_is: Same<A, B>) => undefined;

/** Compiled as most applications are, without `exactOptionalPropertyTypes`; the client itself is compiled with it. */
export async function compiled(client: TidemarkClient): Promise<void> {
  const params = { path: { id: "high-water" } };
  const post = await client.get("/api/v1/posts/{id}", { params });
  same<typeof post, components["schemas"]["Post"]>(true);
  const archived = await client.delete("/api/v1/posts/{id}", { params });
  same<typeof archived, undefined>(true);
  const deleted = await client.delete("/api/v1/users/{id}", { params });
  same<typeof deleted, components["schemas"]["Erasure"] | undefined>(true);
  const { error } = await client.api.GET("/api/v1/tags");
  same<typeof error, components["schemas"]["Problem"] | undefined>(true);
  for await (const tag of client.pages("/api/v1/tags", { query: { limit: 100 } })) same<typeof tag.count, number>(true);

  // @ts-expect-error: the path needs an id
  await client.get("/api/v1/posts/{id}");
  // @ts-expect-error: there is no such path
  await client.get("/api/v1/pots");
  // @ts-expect-error: the path does not take this method
  await client.put("/api/v1/posts", {});
  // @ts-expect-error: there is no such parameter
  await client.get("/api/v1/posts", { params: { query: { colour: "red" } } });
  // @ts-expect-error: a post needs a text
  await client.post("/api/v1/posts", { body: { title: "t", category: "tech" } });
  // @ts-expect-error: there is no such field
  await client.post("/api/v1/posts", { body: { title: "t", content: "c", category: "tech", colour: "red" } });
  // @ts-expect-error: this is no list
  client.pages("/api/v1/auth/me");
  // @ts-expect-error: pages are turned by cursor
  client.pages("/api/v1/posts", { query: { page: 2 } });
  // @ts-expect-error: how the refresh token is delivered is the client's business
  await client.login({ email: "e", password: "p", tokenDelivery: "body" });
}

test("what does not fit the document does not compile", () => assert.ok(compiled));
