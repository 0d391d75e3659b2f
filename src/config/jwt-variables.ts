import { type Role, roles } from "../domain/principal.ts";
import { type JwtAlgorithm, jwtAlgorithms } from "./config.ts";
import { type ConfigVariable, type DefaultedVariable, integerVariable } from "./config-variable.ts";
import { isLoopback, parseListenAddress } from "./listen-address.ts";

const toleranceDefaultSeconds = 30;
const toleranceRangeSeconds = { min: 0, max: 300 };

/** Values of a claim, so that the list can be read without quoting. */
const claimValuePattern = /^[^\s,=]{1,200}$/;

export const jwtIssuer: ConfigVariable<string> = {
  name: "JWT_ISSUER",
  default: { description: "none: API keys are the only credentials" },
  allowed:
    "the `iss` of the tokens to the letter, together with `JWT_AUDIENCE` and one of `JWT_JWKS_URL` and `JWT_JWKS_FILE`",
  meaning: "Whose tokens (JWT) are taken as credentials, beside API keys, with `AUTH=required`.",
  parse: (text) => text,
};

export const jwtAudience: ConfigVariable<string> = {
  name: "JWT_AUDIENCE",
  default: { description: "none" },
  allowed: "a text that the `aud` of every token must hold, together with `JWT_ISSUER`",
  meaning: "The name of this service at the issuer. Tokens for others are refused.",
  parse: (text) => text,
};

export const jwtJwksUrl: ConfigVariable<URL> = {
  name: "JWT_JWKS_URL",
  default: { description: "none" },
  allowed: "an `https://` URL, or `http://` on a loopback address, together with `JWT_ISSUER`",
  meaning: "Where the issuer publishes its keys (JWKS). While it does not answer, calls with a token are UNAVAILABLE.",
  parse: parseKeysUrl,
};

export const jwtJwksFile: ConfigVariable<string> = {
  name: "JWT_JWKS_FILE",
  default: { description: "none" },
  allowed: "the path of a file with a JWKS, together with `JWT_ISSUER` and without `JWT_JWKS_URL`",
  meaning: "The issuer's keys, read again when the file changes.",
  parse: (text) => text,
};

export const jwtAlgorithmsTaken: DefaultedVariable<readonly JwtAlgorithm[]> = {
  name: "JWT_ALGORITHMS",
  default: { text: "RS256,PS256,ES256,EdDSA" },
  allowed: `a list of ${jwtAlgorithms.join(", ")}, with commas between`,
  meaning: "How tokens may be signed.",
  parse: (text) => {
    const names = text.split(",");
    const known = jwtAlgorithms.filter((algorithm) => names.includes(algorithm));
    return known.length === names.length ? known : undefined;
  },
};

export const jwtClockToleranceSeconds = integerVariable(
  "JWT_CLOCK_TOLERANCE_SECONDS",
  "How far the issuer's clock may be off when `exp` and `nbf` are looked at.",
  toleranceDefaultSeconds,
  toleranceRangeSeconds,
);

export const jwtRoleClaim: DefaultedVariable<string> = {
  name: "JWT_ROLE_CLAIM",
  default: { text: "role" },
  allowed: "the name of a claim, or a JSON Pointer such as `/realm_access/roles`",
  meaning: "Where in a token the role stands: one text, or a list of texts of which one is a role.",
  parse: (text) => text,
};

export const jwtTenantClaim: DefaultedVariable<string> = {
  name: "JWT_TENANT_CLAIM",
  default: { text: "tenant_id" },
  allowed: "the name of a claim, or a JSON Pointer",
  meaning: "Where in a token of the role TENANT its tenant's id stands.",
  parse: (text) => text,
};

export const jwtRoles: DefaultedVariable<ReadonlyMap<string, Role>> = {
  name: "JWT_ROLES",
  default: { text: roles.map((role) => `${role}=${role}`).join(",") },
  allowed: `a list of \`value=role\` with commas between, each role one of ${roles.join(", ")}`,
  meaning:
    "What the values of the role claim mean. A token without a value named here is refused, and one with several roles too.",
  parse: parseRoles,
};

/** In the order of the README's table. */
export const jwtVariables: readonly ConfigVariable<unknown>[] = [
  jwtIssuer,
  jwtAudience,
  jwtJwksUrl,
  jwtJwksFile,
  jwtAlgorithmsTaken,
  jwtClockToleranceSeconds,
  jwtRoleClaim,
  jwtTenantClaim,
  jwtRoles,
];

/** Keys that anybody on the way could put his own in place of are no keys. */
function parseKeysUrl(text: string): URL | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (url.username !== "" || url.password !== "") return undefined;
  if (url.protocol === "https:") return url;
  const address = parseListenAddress(`${url.hostname}:${url.port === "" ? "80" : url.port}`);
  return url.protocol === "http:" && address !== undefined && isLoopback(address) ? url : undefined;
}

function parseRoles(text: string): ReadonlyMap<string, Role> | undefined {
  const found = new Map<string, Role>();
  for (const pair of text.split(",")) {
    const [value = "", name, ...rest] = pair.split("=");
    const role = roles.find((known) => known === name);
    if (role === undefined || rest.length > 0 || !claimValuePattern.test(value) || found.has(value)) return undefined;
    found.set(value, role);
  }
  return found;
}
