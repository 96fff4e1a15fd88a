/** Who is signed in: an access token that is renewed when it has expired, by one request however many wait for it. */

import type { components } from "./generated/schema.js";
import { ProblemError, codeOf } from "./problem.js";
import type { Transport } from "./transport.js";

type Schemas = components["schemas"];

/** Where the refresh token lives: in a cookie that no script can read (browsers), or with this client (Node). */
export type TokenDelivery = Schemas["TokenDelivery"];

/** Somebody is signed in. With `tokenDelivery: "body"` it may be kept, and given to another client. */
export interface Session {
  readonly user: Schemas["User"];
  readonly accessToken: string;
  readonly refreshToken?: string;
}

/** What sign-in and refresh answer; the refresh token is there when it was asked for in the body. */
type Answer = Schemas["Session"] & { refreshToken?: string | null };

/** What a refresh may help against. */
const STALE = new Set(["TOKEN_EXPIRED", "TOKEN_REVOKED", "INVALID_TOKEN"]);

/** Keeps the session of one client. */
export class Sessions {
  readonly #transport: Transport;
  readonly #baseUrl: string;
  readonly #tokenDelivery: TokenDelivery;
  readonly #changed: (session: Session | undefined) => void;
  #session: Session | undefined;
  #renewal: Promise<Session | undefined> | undefined;

  constructor(
    transport: Transport,
    baseUrl: string,
    tokenDelivery: TokenDelivery,
    session: Session | undefined,
    changed: (session: Session | undefined) => void,
  ) {
    this.#transport = transport;
    this.#baseUrl = baseUrl;
    this.#tokenDelivery = tokenDelivery;
    this.#session = session;
    this.#changed = changed;
  }

  get present(): Session | undefined {
    return this.#session;
  }

  /** Signs in by `path` (`login`, `register`, ...); whoever was signed in before no longer is. */
  async start(path: string, body: object): Promise<Session> {
    const response = await this.#post(path, { ...body, tokenDelivery: this.#tokenDelivery });
    if (!response.ok) throw await ProblemError.of(response);
    return this.#keep(session((await response.json()) as Answer));
  }

  /** Ends the session on the server, and forgets it once that is done. */
  async end(everywhere: boolean): Promise<void> {
    const response = await this.send(this.#request("logout", everywhere ? { everywhere } : undefined));
    // 401: there is no session to end any more.
    if (!response.ok && response.status !== 401) throw await ProblemError.of(response);
    this.#forget();
  }

  /** Sends a request in the name of whoever is signed in, with a new access token if the present one is stale. */
  async send(request: Request): Promise<Response> {
    const sender = this.#session;
    if (sender === undefined || request.headers.has("Authorization")) return this.#transport.send(request);
    const token = sender.accessToken;
    const response = await this.#transport.send(withToken(request, token));
    if (response.status !== 401 || !STALE.has((await codeOf(response)) ?? "")) return response;
    const renewed = await this.renewed(token);
    // Whoever has signed in meanwhile did not ask for this.
    if (renewed === undefined || renewed.user.id !== sender.user.id) return response;
    await response.body?.cancel();
    return this.#transport.send(withToken(request, renewed.accessToken));
  }

  /** The session with another access token than this one; nothing when it cannot be renewed. */
  renewed(stale: string | undefined): Promise<Session | undefined> {
    if (this.#session?.accessToken !== stale) return Promise.resolve(this.#session);
    this.#renewal ??= this.#refresh().finally(() => {
      this.#renewal = undefined;
    });
    return this.#renewal;
  }

  async #refresh(): Promise<Session | undefined> {
    const before = this.#session;
    const { refreshToken } = before ?? {};
    if (this.#tokenDelivery === "body" && refreshToken === undefined) return undefined;
    const response = await this.#post("refresh", { refreshToken, tokenDelivery: this.#tokenDelivery });
    if (!response.ok && response.status !== 401) throw await ProblemError.of(response);
    const answer = response.ok ? session((await response.json()) as Answer) : undefined;
    // Meanwhile somebody may have signed in or out, which counts more than a renewal.
    if (this.#session !== before) return this.#session;
    return answer === undefined ? this.#forget() : this.#keep(answer);
  }

  #keep(session: Session): Session {
    this.#session = session;
    this.#changed(session);
    return session;
  }

  #forget(): undefined {
    if (this.#session === undefined) return;
    this.#session = undefined;
    this.#changed(undefined);
  }

  #post(path: string, body: object): Promise<Response> {
    return this.#transport.send(this.#request(path, body));
  }

  #request(path: string, body: object | undefined): Request {
    const content = body && { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } };
    const cookies = this.#tokenDelivery === "cookie" && { credentials: "include" as const };
    return new Request(`${this.#baseUrl}/api/v1/auth/${path}`, { method: "POST", ...content, ...cookies });
  }
}

function session({ user, accessToken, refreshToken }: Answer): Session {
  return { user, accessToken, ...(refreshToken ? { refreshToken } : {}) };
}

function withToken(request: Request, token: string): Request {
  const signed = request.clone();
  signed.headers.set("Authorization", `Bearer ${token}`);
  return signed;
}
