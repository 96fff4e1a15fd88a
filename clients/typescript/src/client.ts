/** The client: typed calls, with sign-in, idempotency keys, read-your-writes and paging taken care of. */

import createFetchClient, { type Client, type ClientPathsWithMethod, type MaybeOptionalInit } from "openapi-fetch";

import { KEYED } from "./generated/keyed.js";
import type { components, paths } from "./generated/schema.js";
import { ProblemError } from "./problem.js";
import { Sessions, type Session, type TokenDelivery } from "./session.js";
import { Transport, type Fetch } from "./transport.js";

type Schemas = components["schemas"];
type Api = Client<paths>;
type Method = "get" | "post" | "put" | "patch" | "delete";

/** The paths that take a method. */
export type PathOf<M extends Method> = ClientPathsWithMethod<Api, M>;

/** What a call may be given, as openapi-fetch has it: `params` (`path`, `query`, `header`), `body`, `headers`, `signal`. */
export type InitOf<P extends PathOf<M>, M extends Method> = MaybeOptionalInit<paths[P], M>;

type Arguments<Init> = undefined extends Init ? [init?: Init] : [init: Init];

type Success = 200 | 201 | 202 | 204 | 206;
type Responses<Operation> = Operation extends { responses: infer Given } ? Given : never;
type Content<Response> = Response extends { content: infer ByMediaType } ? ByMediaType[keyof ByMediaType] : undefined;

/** What a call answers; `undefined` where there is nothing to say. */
export type DataOf<P extends PathOf<M>, M extends Method> = Content<
  Responses<paths[P][M]>[keyof Responses<paths[P][M]> & Success]
>;

interface Page {
  data: unknown[];
  pagination: Schemas["Pagination"];
}

/** The lists: what can be read page by page. */
export type ListPath = { [P in PathOf<"get">]: DataOf<P, "get"> extends Page ? P : never }[PathOf<"get">];

/** What a list is made of. */
export type ItemOf<P extends ListPath> = DataOf<P, "get"> extends { data: (infer Item)[] } ? Item : never;

/** Which items of a list, in which order, and how many a request. */
export interface ListOptions<P extends ListPath> {
  readonly query?: Omit<NonNullable<paths[P]["get"]["parameters"]["query"]>, "page" | "cursor">;
  readonly signal?: AbortSignal;
}

/** How a client is set up. */
export interface ClientOptions {
  /** Where the server is, as `https://api.example.com`. */
  readonly baseUrl: string;
  /** The tenant's key, where the host does not name it. */
  readonly tenant?: string;
  /** Where the refresh token lives; without it `cookie` in browsers, else `body`. */
  readonly tokenDelivery?: TokenDelivery;
  /** A session that was kept, to go on with. */
  readonly session?: Session;
  /** Told of every sign-in, renewal and sign-out, to keep the session or to show who is signed in. */
  readonly onSession?: (session: Session | undefined) => void;
  /** How often a request is repeated that failed in passing; 4 without it. */
  readonly retries?: number;
  /** Milliseconds before the first repetition, doubled for each further one; 250 without it. */
  readonly retryPause?: number;
  /** Another `fetch`. */
  readonly fetch?: Fetch;
}

/** A client of one tenant, for one person at a time. */
export class TidemarkClient {
  /**
   * openapi-fetch over the same connection, for whoever needs the whole answer (a conditional request, a stream). It
   * gives `{ data, error, response }` and throws no problem.
   */
  readonly api: Api;
  readonly #sessions: Sessions;

  constructor(options: ClientOptions) {
    const baseUrl = options.baseUrl.replace(/\/+$/, "");
    const tokenDelivery = options.tokenDelivery ?? ("document" in globalThis ? "cookie" : "body");
    const patience = { retries: options.retries ?? 4, pause: options.retryPause ?? 250 };
    const transport = new Transport(options.fetch ?? ((request) => fetch(request)), options.tenant, patience);
    const changed = options.onSession ?? (() => undefined);
    this.#sessions = new Sessions(transport, baseUrl, tokenDelivery, options.session, changed);
    this.api = createFetchClient<paths>({
      baseUrl,
      fetch: (request) => this.#sessions.send(request),
      ...(tokenDelivery === "cookie" ? { credentials: "include" } : {}),
    });
    this.api.use({
      onRequest({ request, schemaPath }) {
        const isKeyed = KEYED.has(`${request.method} ${schemaPath}`);
        if (isKeyed && !request.headers.has("Idempotency-Key")) request.headers.set("Idempotency-Key", newKey());
      },
    });
  }

  /** Who is signed in, as far as this client knows. */
  get session(): Session | undefined {
    return this.#sessions.present;
  }

  /** Opens an account and signs in to it. */
  register(account: Omit<Schemas["Register"], "tokenDelivery">): Promise<Session> {
    return this.#sessions.start("register", account);
  }

  /** Signs in. */
  login(credentials: Omit<Schemas["Login"], "tokenDelivery">): Promise<Session> {
    return this.#sessions.start("login", credentials);
  }

  /** Takes up the session of an earlier page load by its refresh token; nothing when there is none any more. */
  resume(): Promise<Session | undefined> {
    return this.#sessions.renewed(this.session?.accessToken);
  }

  /** Signs out here, or on all of the person's devices. */
  logout(options?: { everywhere?: boolean }): Promise<void> {
    return this.#sessions.end(options?.everywhere ?? false);
  }

  /** Asks. Throws a {@link ProblemError} unless it is answered with success, as all calls here do. */
  get<P extends PathOf<"get">>(path: P, ...init: Arguments<InitOf<P, "get">>): Promise<DataOf<P, "get">> {
    return this.#call("get", path, init[0]);
  }

  post<P extends PathOf<"post">>(path: P, ...init: Arguments<InitOf<P, "post">>): Promise<DataOf<P, "post">> {
    return this.#call("post", path, init[0]);
  }

  put<P extends PathOf<"put">>(path: P, ...init: Arguments<InitOf<P, "put">>): Promise<DataOf<P, "put">> {
    return this.#call("put", path, init[0]);
  }

  patch<P extends PathOf<"patch">>(path: P, ...init: Arguments<InitOf<P, "patch">>): Promise<DataOf<P, "patch">> {
    return this.#call("patch", path, init[0]);
  }

  delete<P extends PathOf<"delete">>(path: P, ...init: Arguments<InitOf<P, "delete">>): Promise<DataOf<P, "delete">> {
    return this.#call("delete", path, init[0]);
  }

  /** All items of a list, read page by page as they are wanted. The cost does not grow with depth. */
  async *pages<P extends ListPath>(path: P, options?: ListOptions<P>): AsyncGenerator<ItemOf<P>, void, undefined> {
    const { query, signal } = options ?? {};
    for (let cursor: string | null = ""; cursor !== null; ) {
      const init = { params: { query: { ...query, cursor } }, ...(signal ? { signal } : {}) };
      const page: Page = await this.#call("get", path, init);
      yield* page.data as ItemOf<P>[];
      cursor = "nextCursor" in page.pagination ? page.pagination.nextCursor : null;
    }
  }

  /** The callers have checked path, init and answer against one another, which cannot be said of all methods at once. */
  async #call<Data>(method: Method, path: string, init: object | undefined): Promise<Data> {
    const request = this.api.request as (
      method: string,
      path: string,
      init: object | undefined,
    ) => Promise<{ data?: Data; error?: unknown; response: Response }>;
    const { data, error, response } = await request(method, path, init);
    if (!response.ok) throw new ProblemError(response, error);
    return data as Data;
  }
}

/** The `If-Match` that a change needs to happen only to this version of a resource. */
export function ifMatch(resource: { version: number }): { "If-Match": string } {
  return { "If-Match": `"${resource.version}"` };
}

/** `crypto.randomUUID` is missing where a page came over plain HTTP. */
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
