/** What the server says when it says no: `application/problem+json` (RFC 9457) as an error that can be caught. */

import type { components } from "./generated/schema.js";

/** One field at fault. */
export type FieldProblem = components["schemas"]["FieldProblem"];

type Body = Partial<components["schemas"]["Problem"]>;

/** An answer that is no success. `code` is stable and meant for programs, `detail` for people. */
export class ProblemError extends Error {
  override readonly name = "ProblemError";
  /** The HTTP status. */
  readonly status: number;
  /** The stable code, as `EMAIL_CONFLICT`; `HTTP_502` and the like where something else than Tidemark has answered. */
  readonly code: string;
  /** What the code means. */
  readonly title: string;
  /** What was wrong this time. */
  readonly detail: string | undefined;
  /** The request, as the server's log names it. */
  readonly requestId: string | undefined;
  /** All fields at fault. */
  readonly errors: readonly FieldProblem[];
  /** Seconds after which to come back, of a 429 or 503. */
  readonly retryAfter: number | undefined;
  /** The answer with its headers; its body has been read. */
  readonly response: Response;

  /** `body` is what the answer held, parsed where it was JSON. */
  constructor(response: Response, body: unknown) {
    const problem: Body = typeof body === "object" && body !== null ? body : {};
    const code = problem.code ?? `HTTP_${response.status}`;
    const title = problem.title ?? response.statusText;
    const fields = problem.errors?.map(({ path, message }) => `${path}: ${message}`).join("; ");
    super(`${code}: ${problem.detail ?? fields ?? title}`);
    this.status = response.status;
    this.code = code;
    this.title = title;
    this.detail = problem.detail ?? undefined;
    this.requestId = problem.requestId ?? response.headers.get("X-Request-Id") ?? undefined;
    this.errors = problem.errors ?? [];
    this.retryAfter = retryAfter(response);
    this.response = response;
  }

  /** The problem that an answer holds. */
  static async of(response: Response): Promise<ProblemError> {
    return new ProblemError(response, await problemIn(response));
  }
}

/** Whether an error is a problem, and of this code if one is given. */
export function isProblem(error: unknown, code?: string): error is ProblemError {
  return error instanceof ProblemError && (code === undefined || error.code === code);
}

/** The code of an answer whose body somebody else is still to read. */
export async function codeOf(response: Response): Promise<string | undefined> {
  return (await problemIn(response.clone()))?.code;
}

/** Seconds after which the server asks to come back. */
export function retryAfter(response: Response): number | undefined {
  const seconds = Number.parseInt(response.headers.get("Retry-After") ?? "", 10);
  return Number.isNaN(seconds) ? undefined : seconds;
}

async function problemIn(response: Response): Promise<Body | undefined> {
  if (!response.headers.get("Content-Type")?.startsWith("application/problem+json")) return undefined;
  return (await response.json()) as Body;
}
