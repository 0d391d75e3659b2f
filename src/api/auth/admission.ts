import type { DescMethod } from "@bufbuild/protobuf";
import { RoleNotAllowedError } from "../../domain/errors/access-errors.ts";
import type { Principal, Role } from "../../domain/principal.ts";
import type { Authenticator } from "./authenticator.ts";
import type { Caller } from "./caller.ts";
import { rolesOf } from "./rpc-roles.ts";

/**
 * Lets a caller in to one RPC, or does not: who calls, then whether that role may. A door asks before it looks at the
 * message, so that a stranger can have nothing decoded or validated, and learns of the RPC no more than that it exists.
 *
 * @throws what the Authenticator throws; RoleNotAllowedError
 */
export type Admission = (caller: Caller) => Principal | Promise<Principal>;

/** The path of an RPC as gRPC and Connect have it: `/quota.v1.QuotaService/RecordUsage`. */
export function pathOf(method: DescMethod): string {
  return `/${method.parent.typeName}/${method.name}`;
}

/** @throws Error when the table of roles lacks the RPC */
export function admissionTo(method: DescMethod, authenticator: Authenticator): Admission {
  const allowed = rolesOf(method);
  const path = pathOf(method);
  return (caller) => {
    const principal = authenticator.authenticate(caller);
    if (principal instanceof Promise) return principal.then((found) => requireRole(found, allowed, path));
    return requireRole(principal, allowed, path);
  };
}

function requireRole(principal: Principal, allowed: readonly Role[], path: string): Principal {
  const { role } = principal;
  if (role !== undefined && !allowed.includes(role)) throw new RoleNotAllowedError(role, path, allowed);
  return principal;
}
