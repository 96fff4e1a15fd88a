// Generated from docs/openapi.json by `npm run generate`; a test compares them.

/** The commands that remember an `Idempotency-Key`. */
export const KEYED: ReadonlySet<string> = new Set([
  "DELETE /api/v1/posts/{id}",
  "DELETE /api/v1/service-tokens/{id}",
  "DELETE /api/v1/users/{id}",
  "PATCH /api/v1/posts/{id}",
  "PATCH /api/v1/settings",
  "PATCH /api/v1/users/{id}",
  "POST /api/v1/posts",
  "POST /api/v1/posts/{id}/publish",
  "POST /api/v1/posts/{id}/unpublish",
  "POST /api/v1/users",
  "POST /api/v1/users/invite",
  "PUT /api/v1/users/{id}/role",
]);
