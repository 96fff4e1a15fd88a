import assert from "node:assert/strict";
import { test } from "node:test";

import { isProblem, type Session } from "@tidemark/client";

import { FakeServer, ok, problem, signedIn, USER } from "./fake.js";

const EXPIRED = problem(401, "TOKEN_EXPIRED");
const SESSION: Session = { user: USER, accessToken: "old", refreshToken: "r1" };
const CREDENTIALS = { email: "ada@acme.example", password: "correct-horse-battery" };

test("who signs in is named in what follows, and not in another sign-in", async () => {
  const server = new FakeServer(signedIn("t1", "r1"), ok(USER), signedIn("t2", "r2"));
  const heard: (Session | undefined)[] = [];
  const client = server.client({ onSession: (session) => heard.push(session) });
  const session = await client.login(CREDENTIALS);
  assert.deepEqual(session, { user: USER, accessToken: "t1", refreshToken: "r1" });
  assert.deepEqual(await server.asked[0]?.json(), { ...CREDENTIALS, tokenDelivery: "body" });
  await client.get("/api/v1/auth/me");
  await client.register({ ...CREDENTIALS, name: "Ada" });
  assert.deepEqual(server.header("Authorization"), [null, "Bearer t1", null]);
  assert.deepEqual(heard.map((session) => session?.accessToken), ["t1", "t2"]);
  assert.equal(client.session?.accessToken, "t2");
});

test("a refused sign-in leaves whoever was signed in", async () => {
  const client = new FakeServer(problem(401, "INVALID_CREDENTIALS")).client({ session: SESSION });
  await assert.rejects(client.login(CREDENTIALS), (error) => isProblem(error, "INVALID_CREDENTIALS"));
  assert.equal(client.session, SESSION);
});

test("one refresh serves all that met the expired token, each under its own key", async () => {
  const server = new FakeServer(EXPIRED, EXPIRED, EXPIRED, signedIn("new", "r2"), ok({}), ok({}), ok({}));
  const client = server.client({ session: SESSION });
  const post = { body: { title: "t", content: "c", category: "tech" } };
  await Promise.all([1, 2, 3].map(() => client.post("/api/v1/posts", post)));
  assert.equal(server.lines.filter((line) => line === "POST /api/v1/auth/refresh").length, 1);
  assert.deepEqual(await server.asked[3]?.json(), { refreshToken: "r1", tokenDelivery: "body" });
  assert.deepEqual(server.header("Authorization").slice(4), Array(3).fill("Bearer new"));
  const keys = server.header("Idempotency-Key");
  assert.deepEqual(keys.slice(4).sort(), keys.slice(0, 3).sort());
  assert.equal(new Set(keys.slice(4)).size, 3);
});

test("whoever hears of the expiry after the renewal does not renew again", async () => {
  let expire: (response: Response) => void = () => undefined;
  const late = new Promise<Response>((resolve) => (expire = resolve));
  const server = new FakeServer(() => late, EXPIRED, signedIn("new", "r2"), ok(USER), ok(USER));
  const client = server.client({ session: SESSION });
  const first = client.get("/api/v1/auth/me");
  await client.get("/api/v1/auth/me");
  expire(await EXPIRED(new Request("http://api.example")));
  await first;
  assert.equal(server.lines.filter((line) => line === "POST /api/v1/auth/refresh").length, 1);
  assert.equal(server.header("Authorization")[4], "Bearer new");
});

test("an answer that a renewal does not help against is the caller's", async () => {
  for (const refused of [problem(401, "TOKEN_TENANT_MISMATCH"), problem(403, "FORBIDDEN")]) {
    const server = new FakeServer(refused);
    await assert.rejects(server.client({ session: SESSION }).get("/api/v1/auth/me"));
    assert.equal(server.asked.length, 1);
  }
});

test("a request is repeated once with the new token, not for ever", async () => {
  const server = new FakeServer(EXPIRED, signedIn("new", "r2"), EXPIRED);
  await assert.rejects(server.client({ session: SESSION }).get("/api/v1/auth/me"), (error) => isProblem(error, "TOKEN_EXPIRED"));
});

test("when the session is over, the request fails and nobody is signed in", async () => {
  const heard: (Session | undefined)[] = [];
  const server = new FakeServer(EXPIRED, problem(401, "REFRESH_TOKEN_REUSED"));
  const client = server.client({ session: SESSION, onSession: (session) => heard.push(session) });
  await assert.rejects(client.get("/api/v1/auth/me"), (error) => isProblem(error, "TOKEN_EXPIRED"));
  assert.equal(client.session, undefined);
  assert.deepEqual(heard, [undefined]);
});

test("when the renewal itself fails in passing, the session is kept", async () => {
  const server = new FakeServer(EXPIRED, problem(503, "UNAVAILABLE"), problem(503, "UNAVAILABLE"));
  const client = server.client({ session: SESSION, retries: 1 });
  await assert.rejects(client.get("/api/v1/auth/me"), (error) => isProblem(error, "UNAVAILABLE"));
  assert.equal(client.session, SESSION);
});

test("a sign-out counts more than a renewal under way", async () => {
  let renew: (response: Response) => void = () => undefined;
  const renewing = new Promise<Response>((resolve) => (renew = resolve));
  const server = new FakeServer(EXPIRED, () => renewing, () => new Response(null, { status: 204 }));
  const client = server.client({ session: SESSION });
  const asking = client.get("/api/v1/auth/me");
  while (server.asked.length < 2) await new Promise(setImmediate);
  await client.logout();
  renew(await signedIn("new", "r2")(new Request("http://api.example")));
  await assert.rejects(asking, (error) => isProblem(error, "TOKEN_EXPIRED"));
  assert.equal(client.session, undefined);
});

test("what somebody asked is not sent again as whoever has signed in meanwhile", async () => {
  const other = { user: { ...USER, id: "0190a000-0000-7000-8000-000000000002" }, accessToken: "others" };
  let refuse: (response: Response) => void = () => undefined;
  const refusing = new Promise<Response>((resolve) => (refuse = resolve));
  const server = new FakeServer(() => refusing, ok({ ...other, tokenType: "Bearer", expiresIn: 900 }), ok(USER));
  const client = server.client({ session: SESSION });
  const asking = client.get("/api/v1/auth/me");
  while (server.asked.length < 1) await new Promise(setImmediate);
  await client.login(CREDENTIALS);
  refuse(await EXPIRED(new Request("http://api.example")));
  await assert.rejects(asking, (error) => isProblem(error, "TOKEN_EXPIRED"));
  assert.equal(server.asked.length, 2);
  assert.equal(client.session?.accessToken, "others");
});

test("without a refresh token an expired session ends where it is", async () => {
  const { user, accessToken } = SESSION;
  const server = new FakeServer(EXPIRED);
  await assert.rejects(server.client({ session: { user, accessToken } }).get("/api/v1/auth/me"));
  assert.equal(server.asked.length, 1);
});

test("in a browser the cookie does it, and a page load takes the session up again", async () => {
  const server = new FakeServer(signedIn("t1"), ok(USER), problem(401, "NOT_SIGNED_IN"));
  const client = server.client({ tokenDelivery: "cookie" });
  const session = await client.resume();
  assert.equal(session?.accessToken, "t1");
  assert.deepEqual(await server.asked[0]?.json(), { tokenDelivery: "cookie" });
  await client.get("/api/v1/auth/me");
  assert.deepEqual(server.asked.map((request) => request.credentials), ["include", "include"]);
  assert.equal(await server.client({ tokenDelivery: "cookie" }).resume(), undefined);
});

test("signing out forgets the session once the server has ended it", async () => {
  const gone = () => new Response(null, { status: 204 });
  const server = new FakeServer(problem(500, "INTERNAL"), gone, gone, problem(401, "TOKEN_REVOKED"), problem(401, "REFRESH_TOKEN_REUSED"));
  const client = server.client({ session: SESSION });
  await assert.rejects(client.logout());
  assert.equal(client.session, SESSION);
  await client.logout();
  assert.equal(client.session, undefined);

  await server.client({ session: SESSION }).logout({ everywhere: true });
  assert.deepEqual(await server.asked[2]?.json(), { everywhere: true });

  const revoked = server.client({ session: SESSION });
  await revoked.logout();
  assert.equal(revoked.session, undefined);
});
