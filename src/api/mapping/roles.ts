import { Role as RoleMessage } from "../../../gen/quota/v1/api_key_pb.ts";
import type { Role } from "../../domain/principal.ts";

/** The domain's words on the wire. Written out, so that neither side can be renamed unseen. */
export const roleMessages: Readonly<Record<Role, RoleMessage>> = {
  SERVICE: RoleMessage.SERVICE,
  TENANT: RoleMessage.TENANT,
  ADMIN: RoleMessage.ADMIN,
  AUDITOR: RoleMessage.AUDITOR,
};

/** The wire's numbers in the domain's words; unspecified is none of them. */
export const rolesByNumber: ReadonlyMap<number, Role> = new Map([
  [RoleMessage.SERVICE, "SERVICE"],
  [RoleMessage.TENANT, "TENANT"],
  [RoleMessage.ADMIN, "ADMIN"],
  [RoleMessage.AUDITOR, "AUDITOR"],
]);
