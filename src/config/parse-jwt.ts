import type { Config, JwtConfig } from "./config.ts";
import type { ConfigVariable } from "./config-variable.ts";
import * as variables from "./jwt-variables.ts";
import { type Environment, incomplete, read, readOptional, refusal } from "./read-variable.ts";

/**
 * @param auth AUTH, without which no credential is looked at
 * @throws ConfigError when what goes together is set in part: tokens would be refused, or be taken too easily
 */
export function readJwt(env: Environment, auth: Config["auth"]): JwtConfig | undefined {
  const issuer = readOptional(env, variables.jwtIssuer);
  const audience = readOptional(env, variables.jwtAudience);
  const url = readOptional(env, variables.jwtJwksUrl);
  const file = readOptional(env, variables.jwtJwksFile);
  const others = {
    algorithms: read(env, variables.jwtAlgorithmsTaken),
    clockToleranceSeconds: read(env, variables.jwtClockToleranceSeconds),
    roleClaim: read(env, variables.jwtRoleClaim),
    tenantClaim: read(env, variables.jwtTenantClaim),
    roles: read(env, variables.jwtRoles),
  };
  if (issuer === undefined) {
    const alone = variables.jwtVariables.find(({ name }) => name !== variables.jwtIssuer.name && isSet(env, name));
    if (alone !== undefined) throw incomplete(alone, env[alone.name] ?? "", variables.jwtIssuer);
    return undefined;
  }
  // Whoever set this expects callers to be told apart, and they would not be.
  if (auth === "none") throw refusal(variables.jwtIssuer, issuer, "only with AUTH=required, and AUTH is none");
  if (audience === undefined) throw incomplete(variables.jwtIssuer, issuer, variables.jwtAudience);
  if (url !== undefined && file !== undefined) {
    throw refusal(variables.jwtJwksFile, file, "only without JWT_JWKS_URL, which is set");
  }
  if (url !== undefined) return { issuer, audience, keys: { url }, ...others };
  if (file !== undefined) return { issuer, audience, keys: { file }, ...others };
  throw incomplete(variables.jwtIssuer, issuer, oneOfBoth);
}

const oneOfBoth: ConfigVariable<unknown> = { ...variables.jwtJwksUrl, name: "JWT_JWKS_URL or JWT_JWKS_FILE" };

function isSet(env: Environment, name: string): boolean {
  return env[name] !== undefined && env[name] !== "";
}
