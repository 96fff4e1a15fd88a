/** A typed client of Tidemark's HTTP API. */

export {
  TidemarkClient,
  ifMatch,
  type ClientOptions,
  type DataOf,
  type InitOf,
  type ItemOf,
  type ListOptions,
  type ListPath,
  type PathOf,
} from "./client.js";
export { ProblemError, isProblem, type FieldProblem } from "./problem.js";
export type { Session, TokenDelivery } from "./session.js";
export type { Fetch } from "./transport.js";
export type { components, paths } from "./generated/schema.js";
