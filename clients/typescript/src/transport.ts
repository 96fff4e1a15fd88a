/** A request's way to the server and back: in which tenant, after which write, and again if the outcome is not known. */

import { codeOf, retryAfter } from "./problem.js";

/** The function that carries requests, as `globalThis.fetch` does. */
export type Fetch = (request: Request) => Promise<Response>;

/** How often and how patiently requests are repeated. */
export interface Patience {
  /** How often a request is repeated when it may be. */
  readonly retries: number;
  /** Milliseconds before the first repetition; each further one waits twice as long. `Retry-After` comes before it. */
  readonly pause: number;
}

/** Nobody waits longer than this for one repetition, whatever `Retry-After` says. */
const LONGEST_PAUSE = 10_000;

const SAFE = new Set(["GET", "HEAD", "OPTIONS"]);

/** Carries requests of one client. */
export class Transport {
  readonly #fetch: Fetch;
  readonly #tenant: string | undefined;
  readonly #patience: Patience;
  /** The last write of this client in each tenant. */
  readonly #written = new Map<string, string>();

  constructor(fetch: Fetch, tenant: string | undefined, patience: Patience) {
    this.#fetch = fetch;
    this.#tenant = tenant;
    this.#patience = patience;
  }

  /**
   * Sends a request, and again while it is answered with a passing failure. What may have happened already is repeated
   * only if that cannot make it happen twice.
   */
  async send(request: Request): Promise<Response> {
    if (this.#tenant !== undefined && !request.headers.has("X-Tenant")) request.headers.set("X-Tenant", this.#tenant);
    const isRepeatable = SAFE.has(request.method) || request.headers.has("Idempotency-Key") || isRefresh(request);
    for (let attempt = 0; ; attempt++) {
      const isLast = attempt === this.#patience.retries;
      let pause = this.#patience.pause * 2 ** attempt;
      try {
        const response = await this.#afterOwnWrites(request.clone());
        if (isLast || !isPassing(response, isRepeatable)) return response;
        const asked = (retryAfter(response) ?? 0) * 1000;
        if (asked > LONGEST_PAUSE) return response;
        pause = Math.max(pause, asked);
        await response.body?.cancel();
      } catch (error) {
        if (isLast || !isRepeatable || request.signal.aborted) throw error;
      }
      await elapsed(Math.min(pause, LONGEST_PAUSE), request.signal);
    }
  }

  /** Queries show at least what this client has written; commands are remembered for that. */
  async #afterOwnWrites(request: Request): Promise<Response> {
    const tenant = request.headers.get("X-Tenant") ?? "";
    if (!SAFE.has(request.method)) {
      const response = await this.#fetch(request);
      const position = response.headers.get("Tidemark-Position");
      if (response.ok && position !== null) this.#wrote(tenant, position);
      return response;
    }
    const written = this.#written.get(tenant);
    if (written === undefined || request.headers.has("Tidemark-After") || !isApi(request)) return this.#fetch(request);
    const anyway = request.clone();
    request.headers.set("Tidemark-After", written);
    const response = await this.#fetch(request);
    if (!(await isLost(response))) return response;
    // The history that it belongs to is gone (a restore); there is nothing left to wait for.
    if (this.#written.get(tenant) === written) this.#written.delete(tenant);
    await response.body?.cancel();
    return this.#fetch(anyway);
  }

  #wrote(tenant: string, position: string): void {
    const before = this.#written.get(tenant);
    if (before === undefined || !isEarlier(position, before)) this.#written.set(tenant, position);
  }
}

/** A refresh that is repeated within ten seconds gets the same successor. */
function isRefresh(request: Request): boolean {
  return isApi(request) && new URL(request.url).pathname.endsWith("/auth/refresh");
}

function isApi(request: Request): boolean {
  return new URL(request.url).pathname.includes("/api/");
}

/**
 * Whether the same request may succeed later. A 503 with `Retry-After` says that nothing was done; after a 502, a 504 or
 * any other 503 something may have been.
 */
function isPassing(response: Response, isRepeatable: boolean): boolean {
  switch (response.status) {
    case 503:
      return isRepeatable || response.headers.has("Retry-After");
    case 502:
    case 504:
      return isRepeatable;
    default:
      return false;
  }
}

/** Whether the server no longer knows the position that it was given. */
async function isLost(response: Response): Promise<boolean> {
  return response.status === 410 || (response.status === 400 && (await codeOf(response)) === "INVALID_POSITION");
}

/** Whether `one` lies before `other`: both have the form `<epoch>.<n>.<check>`. Answers may overtake one another. */
function isEarlier(one: string, other: string): boolean {
  const [epoch = 0, n = 0] = one.split(".").map(Number);
  const [otherEpoch = 0, otherN = 0] = other.split(".").map(Number);
  return epoch < otherEpoch || (epoch === otherEpoch && n < otherN);
}

function elapsed(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const abort = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", abort);
      resolve();
    }, milliseconds);
    signal.addEventListener("abort", abort, { once: true });
  });
}
