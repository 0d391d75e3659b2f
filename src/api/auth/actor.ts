import type { Actor } from "../../domain/actor.ts";
import type { CallContext } from "../unary-handler.ts";

/** Who the audit trail says has called. */
export function actorOf({ principal, requestId }: CallContext): Actor {
  const { keyId, name, role } = principal;
  return {
    ...(keyId === undefined ? {} : { keyId }),
    name,
    ...(role === undefined ? {} : { role }),
    requestId,
  };
}
