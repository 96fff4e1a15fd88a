/** The client against a server that runs, with the accounts of the development stack (`cargo dev up`). */

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { before, test } from "node:test";

import { ifMatch, isProblem } from "@tidemark/client";

import { client, stack } from "./stack.js";

/** A post that no other run has. */
function draft(title: string) {
  return { title, content: "The tide leaves a mark.", category: "tech", tags: [`run-${randomUUID().slice(0, 8)}`], published: true };
}

const editor = client();
before(async () => {
  await editor.login(stack.editor);
});

test("whoever registers is signed in, and an address that is taken is a problem", async () => {
  const ada = client();
  const account = { email: `${randomUUID()}@acme.example`, password: "correct-horse-battery", name: "Ada" };
  const { user } = await ada.register(account);
  const me = await ada.get("/api/v1/auth/me");
  assert.deepEqual([me.id, me.email], [user.id, account.email]);
  await assert.rejects(client().register(account), (error) => isProblem(error, "EMAIL_CONFLICT"));
  const wrong = { email: account.email, password: "another-horse-battery" };
  await assert.rejects(client().login(wrong), (error) => isProblem(error, "INVALID_CREDENTIALS"));
});

test("one's own writes are there in the next query", async () => {
  for (let round = 0; round < 20; round++) {
    const body = draft(`Round ${round}`);
    const { id } = await editor.post("/api/v1/posts", { body });
    const { data } = await editor.get("/api/v1/posts", { params: { query: { tag: body.tags[0]! } } });
    assert.deepEqual(data.map((post) => post.id), [id]);
  }
});

test("an answer that is lost on the way leads to no second post", async () => {
  const replayed: (string | null)[] = [];
  const forgetful = client({
    session: editor.session!,
    async fetch(request) {
      const response = await fetch(request);
      if (request.method === "POST" && replayed.push(response.headers.get("Idempotency-Replayed")) === 1) {
        await response.body?.cancel();
        throw new TypeError("the connection broke");
      }
      return response;
    },
  });
  const body = draft("Told twice");
  const { id } = await forgetful.post("/api/v1/posts", { body });
  assert.deepEqual(replayed, [null, "true"]);
  const { data } = await forgetful.get("/api/v1/posts", { params: { query: { tag: body.tags[0]! } } });
  assert.deepEqual(data.map((post) => post.id), [id]);
});

test("a list is read to its end, each item once and in order", async () => {
  const [tag] = draft("").tags;
  const titles = ["a", "b", "c", "d", "e"];
  for (const title of titles) await editor.post("/api/v1/posts", { body: { ...draft(title), tags: [tag!] } });
  const read: string[] = [];
  const query = { tag: tag!, sortBy: "title", order: "asc", limit: 2 } as const;
  for await (const post of editor.pages("/api/v1/posts", { query })) read.push(post.title);
  assert.deepEqual(read, titles);
});

test("a change of what has changed meanwhile is refused, and one of what it was made on is not", async () => {
  const post = await editor.post("/api/v1/posts", { body: draft("First") });
  const params = { path: { id: post.id } };
  const change = { params, headers: ifMatch(post), body: { title: "Second" } };
  const changed = await editor.patch("/api/v1/posts/{id}", change);
  assert.equal(changed.title, "Second");
  const refused = await editor.patch("/api/v1/posts/{id}", { ...change, body: { title: "Third" } }).catch((error: unknown) => error);
  assert.ok(isProblem(refused, "VERSION_MISMATCH"));
  assert.equal(refused.response.headers.get("ETag"), ifMatch(changed)["If-Match"]);
  assert.equal(await editor.delete("/api/v1/posts/{id}", { params }), undefined);
  assert.equal((await editor.get("/api/v1/posts/{id}", { params })).status, "archived");
});

test("all fields at fault are told at once", async () => {
  const caught = await editor.post("/api/v1/posts", { body: { ...draft(""), category: "none" } }).catch((error: unknown) => error);
  assert.ok(isProblem(caught, "VALIDATION_FAILED"));
  assert.deepEqual(caught.errors.map(({ path }) => path).sort(), ["category", "title"]);
});

test("a conditional request is made with the whole answer at hand", async () => {
  const first = await editor.api.GET("/api/v1/settings/categories");
  const etag = first.response.headers.get("ETag")!;
  const again = await editor.api.GET("/api/v1/settings/categories", { params: { header: { "If-None-Match": etag } } });
  assert.equal(again.response.status, 304);
});

test("another tenant sees nothing of it, and takes no token of this one", async () => {
  const post = await editor.post("/api/v1/posts", { body: draft("Ours") });
  const params = { path: { id: post.id } };
  const other = client({ tenant: stack.otherTenant.tenant });
  await assert.rejects(other.get("/api/v1/posts/{id}", { params }), (error) => isProblem(error, "NOT_FOUND"));
  const strayed = client({ tenant: stack.otherTenant.tenant, session: editor.session! });
  await assert.rejects(strayed.get("/api/v1/auth/me"), (error) => isProblem(error, "TOKEN_TENANT_MISMATCH"));
  await assert.rejects(client({ tenant: "no-such-tenant" }).get("/api/v1/tags"), (error) => isProblem(error, "TENANT_NOT_FOUND"));
});
