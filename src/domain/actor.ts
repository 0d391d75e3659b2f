import type { Role } from "./principal.ts";

/** Who changes the control plane, and by which request. */
export interface Actor {
  /** The API key that was shown. Absent: another credential, or none. */
  readonly keyId?: string;
  /** For people; 1 to 200 characters. */
  readonly name: string;
  /** Absent when no credential was asked for. */
  readonly role?: Role;
  /** The same as in the log; empty when no request was involved. */
  readonly requestId: string;
}
