/** A server that answers as a test says, in the order in which it is asked. */

import { TidemarkClient, type ClientOptions } from "@tidemark/client";

type Answer = (request: Request) => Response | Promise<Response>;

export const USER = {
  id: "0190a000-0000-7000-8000-000000000001",
  email: "ada@acme.example",
  name: "Ada",
  role: "editor" as const,
  avatarUrl: null,
  emailVerified: true,
  invited: false,
  version: 1,
  createdAt: "2026-01-01T00:00:00.000Z",
  updatedAt: "2026-01-01T00:00:00.000Z",
};

export class FakeServer {
  readonly asked: Request[] = [];
  readonly #answers: Answer[];

  constructor(...answers: Answer[]) {
    this.#answers = answers;
  }

  client(options: Partial<ClientOptions> = {}): TidemarkClient {
    const fetch = async (request: Request) => {
      this.asked.push(request.clone());
      const answer = this.#answers.shift();
      if (answer === undefined) throw new Error(`nobody expected ${request.method} ${request.url}`);
      return answer(request);
    };
    return new TidemarkClient({ baseUrl: "http://api.example", retryPause: 1, ...options, fetch });
  }

  /** What a header of all requests was. */
  header(name: string): (string | null)[] {
    return this.asked.map((request) => request.headers.get(name));
  }

  /** Methods and paths of all requests. */
  get lines(): string[] {
    return this.asked.map(({ method, url }) => `${method} ${new URL(url).pathname}`);
  }
}

export function ok(body: unknown, headers: Record<string, string> = {}): Answer {
  return () => Response.json(body, { headers });
}

export function problem(status: number, code: string, headers: Record<string, string> = {}, more: object = {}): Answer {
  const body = { type: "urn:tidemark:problem:x", title: code, status, code, requestId: "r-1", ...more };
  const all = { "Content-Type": "application/problem+json", ...headers };
  return () => new Response(JSON.stringify(body), { status, headers: all });
}

export function lost(): Answer {
  return () => {
    throw new TypeError("fetch failed");
  };
}

export function signedIn(accessToken: string, refreshToken?: string): Answer {
  return ok({ user: USER, accessToken, tokenType: "Bearer", expiresIn: 900, refreshToken });
}
