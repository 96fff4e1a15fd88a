import assert from "node:assert/strict";
import { test } from "node:test";

import { isProblem, ProblemError } from "@tidemark/client";

import { FakeServer, lost, ok, problem } from "./fake.js";

const POST = { body: { title: "High water", content: "The tide leaves a mark.", category: "tech" } };
const PAGE = { data: [], pagination: { limit: 20, nextCursor: null } };
const written = (position: string) => ok({}, { "Tidemark-Position": position });

test("a command is repeated under the same key until its outcome is known", async () => {
  const server = new FakeServer(problem(504, "OUTCOME_UNKNOWN"), lost(), problem(503, "OVERLOADED"), ok({ id: "1" }), ok({}));
  const client = server.client();
  assert.deepEqual(await client.post("/api/v1/posts", POST), { id: "1" });
  await client.post("/api/v1/posts", POST);
  const [key, ...others] = server.header("Idempotency-Key");
  assert.match(key ?? "", /^[0-9a-f]{32}$/);
  assert.deepEqual(others.slice(0, 3), [key, key, key]);
  assert.notEqual(others[3], key);
  assert.deepEqual(await server.asked[3]?.json(), POST.body);
});

test("a key that the caller gives is the one that is sent", async () => {
  const server = new FakeServer(ok({}));
  await server.client().post("/api/v1/posts", { ...POST, headers: { "Idempotency-Key": "my-first-post" } });
  assert.deepEqual(server.header("Idempotency-Key"), ["my-first-post"]);
});

test("a command without a key is repeated only when it was not carried out", async () => {
  const edit = { body: { name: "Ada L." } };
  const refused = new FakeServer(problem(503, "OVERLOADED", { "Retry-After": "0" }), ok({ name: "Ada L." }));
  await refused.client().patch("/api/v1/auth/me", edit);
  assert.deepEqual(refused.header("Idempotency-Key"), [null, null]);

  for (const answer of [problem(504, "OUTCOME_UNKNOWN"), problem(503, "CHAT_NOT_CONFIGURED")]) {
    const unknown = new FakeServer(answer);
    await assert.rejects(unknown.client().patch("/api/v1/auth/me", edit), ProblemError);
  }
  await assert.rejects(new FakeServer(lost()).client().patch("/api/v1/auth/me", edit), TypeError);
});

test("repeating ends, with what was answered last", async () => {
  const server = new FakeServer(lost(), problem(503, "UNAVAILABLE"), problem(504, "OUTCOME_UNKNOWN"));
  await assert.rejects(server.client({ retries: 2 }).post("/api/v1/posts", POST), (error) => isProblem(error, "OUTCOME_UNKNOWN"));
});

test("nobody waits for an hour because a server says so", async () => {
  const server = new FakeServer(problem(503, "UNAVAILABLE", { "Retry-After": "3600" }));
  await assert.rejects(server.client().get("/api/v1/posts"), (error) => isProblem(error) && error.retryAfter === 3600);
});

test("waiting ends with the caller's signal", async () => {
  const server = new FakeServer(problem(503, "UNAVAILABLE", { "Retry-After": "9" }));
  const ending = new AbortController();
  const asking = server.client().get("/api/v1/posts", { signal: ending.signal });
  setImmediate(() => ending.abort(new Error("enough")));
  await assert.rejects(asking, { message: "enough" });
  assert.equal(server.asked.length, 1);
});

test("queries wait for what this client has written, and for nothing before", async () => {
  const server = new FakeServer(ok(PAGE), written("1.7.aaaaaaaaaaaaaaaa"), ok(PAGE), ok({ keys: [] }));
  const client = server.client();
  await client.get("/api/v1/posts");
  await client.post("/api/v1/posts", POST);
  await client.get("/api/v1/posts");
  await client.get("/.well-known/jwks.json");
  assert.deepEqual(server.header("Tidemark-After"), [null, null, "1.7.aaaaaaaaaaaaaaaa", null]);
});

test("an answer that was overtaken takes nothing back", async () => {
  const positions = ["2.9.a", "2.10.a", "2.9.a", "1.99.a", "3.1.a"];
  const server = new FakeServer(...positions.flatMap((position) => [written(position), ok(PAGE)]));
  const client = server.client();
  for (const _position of positions) {
    await client.post("/api/v1/posts", POST);
    await client.get("/api/v1/posts");
  }
  const after = server.header("Tidemark-After").filter((position) => position !== null);
  assert.deepEqual(after, ["2.9.a", "2.10.a", "2.10.a", "2.10.a", "3.1.a"]);
});

test("a refused command leaves no position", async () => {
  const server = new FakeServer(problem(409, "EMAIL_CONFLICT", { "Tidemark-Position": "1.7.a" }), ok(PAGE));
  const client = server.client();
  await assert.rejects(client.post("/api/v1/posts", POST));
  await client.get("/api/v1/posts");
  assert.deepEqual(server.header("Tidemark-After"), [null, null]);
});

test("a position of a history that was cut is forgotten", async () => {
  for (const gone of [problem(410, "POSITION_LOST"), problem(400, "INVALID_POSITION")]) {
    const server = new FakeServer(written("1.7.a"), gone, ok(PAGE), ok(PAGE));
    const client = server.client();
    await client.post("/api/v1/posts", POST);
    await client.get("/api/v1/posts");
    await client.get("/api/v1/posts");
    assert.deepEqual(server.header("Tidemark-After"), [null, "1.7.a", null, null]);
  }
});

test("another 400 is the caller's", async () => {
  const server = new FakeServer(written("1.7.a"), problem(400, "VALIDATION_FAILED"));
  const client = server.client();
  await client.post("/api/v1/posts", POST);
  await assert.rejects(client.get("/api/v1/posts"), (error) => isProblem(error, "VALIDATION_FAILED"));
});

test("each request names the tenant, and a position belongs to its own", async () => {
  const server = new FakeServer(written("1.7.a"), ok(PAGE), ok(PAGE));
  const client = server.client({ tenant: "acme" });
  await client.post("/api/v1/posts", POST);
  await client.get("/api/v1/posts", { params: { header: { "X-Tenant": "other" } } });
  await client.get("/api/v1/posts");
  assert.deepEqual(server.header("X-Tenant"), ["acme", "other", "acme"]);
  assert.deepEqual(server.header("Tidemark-After"), [null, null, "1.7.a"]);
});

test("a problem tells all fields at fault", async () => {
  const errors = [{ path: "title", code: "too_long", message: "at most 200 characters" }];
  const server = new FakeServer(problem(400, "VALIDATION_FAILED", {}, { errors }));
  const caught = await server.client().post("/api/v1/posts", POST).catch((error: unknown) => error);
  assert.equal(isProblem(caught, "NOT_FOUND"), false);
  assert.ok(isProblem(caught, "VALIDATION_FAILED"));
  assert.deepEqual([caught.status, caught.requestId, caught.errors], [400, "r-1", errors]);
  assert.equal(caught.message, "VALIDATION_FAILED: title: at most 200 characters");
});

test("what something else than Tidemark says is a problem too", async () => {
  const proxy = () => new Response("<h1>Bad Gateway</h1>", { status: 502, statusText: "Bad Gateway" });
  const caught = await new FakeServer(proxy).client({ retries: 0 }).get("/api/v1/posts").catch((error: unknown) => error);
  assert.ok(isProblem(caught, "HTTP_502"));
  assert.equal(caught.title, "Bad Gateway");
});

test("a list is read page by page, as far as it is wanted", async () => {
  const page = (data: unknown[], nextCursor: string | null) => ok({ data, pagination: { limit: 2, nextCursor } });
  const server = new FakeServer(page(["a", "b"], "c1"), page(["c"], null));
  const query = { limit: 2, sortBy: "title" as const };
  const read: unknown[] = [];
  for await (const post of server.client().pages("/api/v1/posts", { query })) read.push(post);
  assert.deepEqual(read, ["a", "b", "c"]);
  const queries = server.asked.map(({ url }) => new URL(url).search);
  assert.deepEqual(queries, ["?limit=2&sortBy=title&cursor=", "?limit=2&sortBy=title&cursor=c1"]);

  const half = new FakeServer(page(["a", "b"], "c1"));
  for await (const post of half.client().pages("/api/v1/posts")) {
    assert.equal(post, "a");
    break;
  }
});
