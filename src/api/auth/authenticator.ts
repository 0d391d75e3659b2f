import type { Principal } from "../../domain/principal.ts";
import type { Caller } from "./caller.ts";

/** Finds out who calls, whichever door the call came through. */
export interface Authenticator {
  /**
   * Answers at once where it can: a promise costs every call of the hot path a turn of the loop.
   *
   * @throws CredentialMissingError, CredentialInvalidError, CallerThrottledError, and what a failing database or key
   *   server makes of a call, UNAVAILABLE: it says nothing about the credential
   */
  authenticate(caller: Caller): Principal | Promise<Principal>;
}
