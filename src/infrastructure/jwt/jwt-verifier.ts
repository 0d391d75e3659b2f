import { hash } from "node:crypto";
import { errors, jwtVerify } from "jose";
import { QuotaServiceError } from "../../domain/errors/quota-service-error.ts";
import type { Principal } from "../../domain/principal.ts";
import type { IssuerKeys } from "./issuer-keys.ts";
import { type TokenClaims, tokenPrincipal } from "./token-principal.ts";

export interface JwtVerifierOptions extends TokenClaims {
  readonly issuer: string;
  readonly audience: string;
  /** Signatures that are taken. None with a shared secret among them. */
  readonly algorithms: readonly string[];
  readonly clockToleranceSeconds: number;
}

/** Checking a signature costs as much as a whole call, so a token that was good is believed for this long. */
const believedMaxMs = 60_000;
/** Some 300 bytes each. */
const knownTokensMax = 10_000;

const jwtPattern = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;

interface KnownToken {
  readonly principal: Principal;
  /** By `Date.now()`, which tokens go by. */
  readonly believedUntil: number;
}

/** Tells whom a token of one issuer stands for. */
export class JwtVerifier {
  readonly #keys: IssuerKeys;
  readonly #options: JwtVerifierOptions;
  /** By the token's hash: the tokens themselves are nobody's to find in a memory dump. */
  readonly #known = new Map<string, KnownToken>();
  /** Checks under way, by the same hash. */
  readonly #checks = new Map<string, Promise<KnownToken | undefined>>();

  constructor(keys: IssuerKeys, options: JwtVerifierOptions) {
    this.#keys = keys;
    this.#options = options;
  }

  isCredential(text: string): boolean {
    return jwtPattern.test(text);
  }

  known(token: string): Principal | "lapsed" | undefined {
    const known = this.#known.get(hashOf(token));
    if (known === undefined) return undefined;
    return Date.now() < known.believedUntil ? known.principal : "lapsed";
  }

  /**
   * Calls at the same time share one check. A token that was good stays known as such while it is looked at again, and when the keys
   * for that cannot be had.
   *
   * @returns undefined when the token is not valid, is not for us, or does not say in which role
   * @throws IssuerKeysUnavailableError
   */
  async verify(token: string): Promise<Principal | undefined> {
    const key = hashOf(token);
    let check = this.#checks.get(key);
    if (check === undefined) {
      check = this.#checkAndRemember(key, token).finally(() => this.#checks.delete(key));
      this.#checks.set(key, check);
    }
    return (await check)?.principal;
  }

  async #checkAndRemember(key: string, token: string): Promise<KnownToken | undefined> {
    const checked = await this.#check(token);
    this.#known.delete(key);
    if (checked === undefined) return undefined;
    this.#known.set(key, checked);
    if (this.#known.size > knownTokensMax) this.#forgetOldest();
    return checked;
  }

  async #check(token: string): Promise<KnownToken | undefined> {
    const { issuer, audience, algorithms, clockToleranceSeconds } = this.#options;
    try {
      const { payload } = await jwtVerify(token, this.#keys.find, {
        issuer,
        audience,
        algorithms: [...algorithms],
        clockTolerance: clockToleranceSeconds,
        requiredClaims: ["exp"],
      });
      const principal = tokenPrincipal(payload, this.#options);
      const expiresAt = ((payload.exp ?? 0) + clockToleranceSeconds) * 1_000;
      return principal && { principal, believedUntil: Math.min(Date.now() + believedMaxMs, expiresAt) };
    } catch (error) {
      if (error instanceof QuotaServiceError || !isTokensFault(error)) throw error;
      return undefined;
    }
  }

  #forgetOldest(): void {
    const [oldest] = this.#known.keys();
    if (oldest !== undefined) this.#known.delete(oldest);
  }
}

/** The library checks by throwing; a TypeError is what a key of another kind than the token's algorithm comes to. */
function isTokensFault(error: unknown): boolean {
  return error instanceof errors.JOSEError || error instanceof TypeError;
}

function hashOf(token: string): string {
  return hash("sha256", token, "hex");
}
