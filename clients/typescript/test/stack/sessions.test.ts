/** Renewal and sign-out against a server that runs. */

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";

import { isProblem, type Session } from "@tidemark/client";

import { client, documented, stack } from "./stack.js";

const skip = documented("/api/v1/auth/refresh") ? false : "docs/openapi.json has no /auth/refresh yet";

/** Somebody new, whose sign-ins nobody else counts. */
function account() {
  return { email: `${randomUUID()}@acme.example`, password: "correct-horse-battery", name: "Ada" };
}

/** A session whose access token is good for nothing any more. */
function stale(session: Session): Session {
  return { ...session, accessToken: `${session.accessToken.slice(0, -8)}AAAAAAAA` };
}

test("a stale access token is renewed once for all who meet it", { skip }, async () => {
  const kept: (Session | undefined)[] = [];
  const session = stale(await client().register(account()));
  const ada = client({ session, onSession: (renewed) => kept.push(renewed) });
  const answers = await Promise.all([1, 2, 3, 4].map(() => ada.get("/api/v1/auth/me")));
  assert.deepEqual(answers.map(({ id }) => id), Array(4).fill(session.user.id));
  assert.equal(kept.length, 1);
  assert.notEqual(kept[0]?.refreshToken, session.refreshToken);
});

test("two clients with one refresh token, as two tabs are, both go on", { skip }, async () => {
  const session = stale(await client().register(account()));
  const tabs = [client({ session }), client({ session })];
  await Promise.all(tabs.map((tab) => tab.get("/api/v1/auth/me")));
  assert.equal(tabs[0]?.session?.refreshToken, tabs[1]?.session?.refreshToken);
});

test("a renewal whose answer is lost is repeated", { skip }, async () => {
  let refreshes = 0;
  const session = stale(await client().register(account()));
  const ada = client({
    session,
    async fetch(request) {
      const response = await fetch(request);
      if (request.url.endsWith("/auth/refresh") && ++refreshes === 1) {
        await response.body?.cancel();
        throw new TypeError("the connection broke");
      }
      return response;
    },
  });
  assert.equal((await ada.get("/api/v1/auth/me")).id, session.user.id);
  assert.equal(refreshes, 2);
});

test("whoever has signed out is signed out, and the refresh token is worth nothing", { skip }, async () => {
  const ada = client();
  const session = await ada.register(account());
  await ada.logout();
  assert.equal(ada.session, undefined);
  const thief = client({ session: stale(session) });
  await assert.rejects(thief.get("/api/v1/auth/me"), (error) => isProblem(error) && error.status === 401);
  assert.equal(thief.session, undefined);
});

/** A browser, as far as cookies go: it keeps them, sends them along, and says from which page it asks. */
function browser() {
  const cookies = new Map<string, string>();
  return async (request: Request) => {
    const sent = new Request(request);
    const kept = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    if (request.credentials === "include" && kept !== "") sent.headers.set("Cookie", kept);
    sent.headers.set("Origin", new URL(stack.baseUrl).origin);
    const response = await fetch(sent);
    for (const set of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
      if (set.includes("Max-Age=0")) cookies.delete(name);
      else cookies.set(name, value);
    }
    return response;
  };
}

test("a page load takes up the session that the browser's cookie keeps", { skip }, async () => {
  const page = { tokenDelivery: "cookie", fetch: browser() } as const;
  const session = await client(page).register(account());
  assert.equal(session.refreshToken, undefined);
  const next = client(page);
  assert.equal((await next.resume())?.user.id, session.user.id);
  assert.equal((await next.get("/api/v1/auth/me")).id, session.user.id);
  await client(page).logout();
  assert.equal(await client(page).resume(), undefined);
});
