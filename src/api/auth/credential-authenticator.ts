import { CredentialInvalidError } from "../../domain/errors/access-errors.ts";
import type { Principal } from "../../domain/principal.ts";
import type { Authenticator } from "./authenticator.ts";
import { bearerCredential } from "./bearer-credential.ts";
import type { Caller } from "./caller.ts";
import { FailedAttempts } from "./failed-attempts.ts";

/** One kind of credential. */
export interface CredentialVerifier {
  /** Whether the text has the form of this kind. Forms do not overlap. */
  isCredential(text: string): boolean;
  /** Whose it is, as far as that is known without asking; "lapsed" when it was good the last time, and must be asked about. */
  known(credential: string): Principal | "lapsed" | undefined;
  /** @returns undefined when it is not valid @throws an error of the domain when that cannot be found out now */
  verify(credential: string): Promise<Principal | undefined>;
}

/** AUTH=required: a caller is whom its credential stands for. */
export class CredentialAuthenticator implements Authenticator {
  readonly #verifiers: readonly CredentialVerifier[];
  readonly #attempts: FailedAttempts;

  constructor(verifiers: readonly CredentialVerifier[], attempts = new FailedAttempts()) {
    this.#verifiers = verifiers;
    this.#attempts = attempts;
  }

  authenticate(caller: Caller): Principal | Promise<Principal> {
    const credential = bearerCredential(caller.authorization);
    const verifier =
      credential === undefined ? undefined : this.#verifiers.find((kind) => kind.isCredential(credential));
    if (credential === undefined || verifier === undefined) return this.#refuse(caller.peer);
    const known = verifier.known(credential);
    if (known !== undefined && known !== "lapsed") return known;
    // Others behind the same address may fail as often as they like: who was let in the last time is asked about.
    if (known === undefined) this.#attempts.assertMayTry(caller.peer);
    return this.#verify(verifier, credential, caller.peer);
  }

  async #verify(verifier: CredentialVerifier, credential: string, peer: string): Promise<Principal> {
    const principal = await verifier.verify(credential);
    if (principal !== undefined) return principal;
    this.#attempts.failed(peer);
    throw new CredentialInvalidError();
  }

  #refuse(peer: string): never {
    this.#attempts.assertMayTry(peer);
    this.#attempts.failed(peer);
    throw new CredentialInvalidError();
  }
}
