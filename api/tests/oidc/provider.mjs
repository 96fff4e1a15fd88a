// A real OpenID provider for one test: certified software that knows nothing of Tidemark.
//
// The first line on standard output is its issuer. Whoever signs in types a login that is a JSON of claims; they consent to
// everything. It ends with its standard input, so that none outlives its test.

import { createServer } from "node:http";
import Provider from "oidc-provider";

const redirectUri = process.argv[2];
const accounts = new Map();
const server = createServer();
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const issuer = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: "tidemark",
      client_secret: "the secret of a client",
      redirect_uris: [redirectUri],
      grant_types: ["authorization_code"],
      response_types: ["code"],
    },
  ],
  pkce: { required: () => true },
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
  features: { devInteractions: { enabled: true } },
  // As the standard has it: what a scope asks for is told at the userinfo endpoint, and not in the ID token.
  conformIdTokenClaims: true,
  async findAccount(_, id) {
    const claims = accounts.get(id) ?? JSON.parse(Buffer.from(id, "base64url").toString());
    accounts.set(id, claims);
    return { accountId: id, claims: () => ({ ...claims, sub: claims.sub }) };
  },
});

server.on("request", provider.callback());
process.stdin.on("end", () => process.exit(0)).resume();
console.log(issuer);
