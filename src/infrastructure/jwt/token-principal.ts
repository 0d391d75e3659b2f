import { displayNameLengthMax } from "../../domain/bounds.ts";
import { tenantIdProblem } from "../../domain/checks.ts";
import type { Principal, Role } from "../../domain/principal.ts";

/** Where in a token stands what, and what it means. */
export interface TokenClaims {
  /** The name of a claim, or a JSON Pointer (RFC 6901) to it. */
  readonly roleClaim: string;
  readonly tenantClaim: string;
  readonly roles: ReadonlyMap<string, Role>;
}

const nameless = "token without a subject";

/**
 * Whom a token stands for; undefined when it does not say that in exactly one way. Which of two roles was meant is not for us
 * to guess.
 *
 * @param payload of a token whose signature, issuer, audience and times are good
 */
export function tokenPrincipal(payload: Readonly<Record<string, unknown>>, claims: TokenClaims): Principal | undefined {
  const role = roleOf(claimAt(payload, claims.roleClaim), claims.roles);
  if (role === undefined) return undefined;
  const name = nameOf(payload["sub"]);
  if (role !== "TENANT") return { name, role };
  const tenantId = claimAt(payload, claims.tenantClaim);
  if (typeof tenantId !== "string" || tenantIdProblem(tenantId) !== undefined) return undefined;
  return { name, role, tenantId: tenantId.toLowerCase() };
}

function roleOf(claim: unknown, meanings: ReadonlyMap<string, Role>): Role | undefined {
  const values = Array.isArray(claim) ? claim : [claim];
  const found = new Set(values.map((value) => (typeof value === "string" ? meanings.get(value) : undefined)));
  found.delete(undefined);
  const [role, ...others] = found;
  return others.length === 0 ? role : undefined;
}

function claimAt(payload: unknown, place: string): unknown {
  const names = place.startsWith("/") ? place.slice(1).split("/").map(unescaped) : [place];
  return names.reduce<unknown>(
    (value, name) => (isRecord(value) && Object.hasOwn(value, name) ? value[name] : undefined),
    payload,
  );
}

function unescaped(name: string): string {
  return name.replaceAll("~1", "/").replaceAll("~0", "~");
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

/** It goes into the audit trail, which cannot take every text. */
function nameOf(subject: unknown): string {
  if (typeof subject !== "string") return nameless;
  const characters = Array.from(subject.toWellFormed().replaceAll("\u0000", ""));
  const name = characters.slice(0, displayNameLengthMax).join("");
  return name === "" ? nameless : name;
}
