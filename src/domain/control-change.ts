import type { Actor } from "./actor.ts";
import type { JsonValue } from "./canonical-json.ts";
import type { EpochMilliseconds } from "./instant.ts";

export const controlObjectKinds = ["PLAN", "SUBSCRIPTION", "LIMIT_OVERRIDE", "API_KEY"] as const;
export type ControlObjectKind = (typeof controlObjectKinds)[number];

export const controlOperations = ["CREATE", "UPDATE", "DELETE", "REVOKE"] as const;
export type ControlOperation = (typeof controlOperations)[number];

/** An object as the JSON form of its message, which the audit trail keeps: it must be readable when the code has moved on. */
export type ControlSnapshot = { [name: string]: JsonValue };

/** What was changed, and how the object looked before and after. Never holds a secret. */
export interface ControlChangeContent {
  readonly operation: ControlOperation;
  readonly objectKind: ControlObjectKind;
  /** Identity of the object: a plan's code, a tenant's id, that with a slash and a metric's code, a key's id. */
  readonly objectId: string;
  /** The tenant that the object belongs to. Absent for plans and for keys without a tenant. */
  readonly tenantId?: string;
  /** Absent when the object was created. */
  readonly before?: ControlSnapshot;
  /** Absent when the object was deleted. */
  readonly after?: ControlSnapshot;
}

/** One entry of the audit trail. Immutable. */
export interface ControlChange extends ControlChangeContent {
  /** UUIDv7 of `createdAt`. */
  readonly id: string;
  readonly createdAt: EpochMilliseconds;
  readonly actor: Actor;
}
