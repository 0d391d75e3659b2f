import type { Actor } from "../domain/actor.ts";
import { type ApiKey, type ApiKeyDefinition, isActive } from "../domain/api-key.ts";
import { ApiKeyNotFoundError } from "../domain/errors/api-key-not-found-error.ts";
import { InvalidRequestError } from "../domain/errors/invalid-request-error.ts";
import { eventIdAfter, type RandomBits } from "../domain/event-id.ts";
import type { EpochMilliseconds } from "../domain/instant.ts";
import type { Role } from "../domain/principal.ts";
import type { ApiKeyStore, ApiKeyUnitOfWork } from "../repositories/api-key-repository.ts";
import type { ApiKeySecrets, NewSecret } from "../repositories/api-key-secrets.ts";
import { leaseDriftMs, leaseMs } from "./api-key-leases.ts";
import { apiKeyEntry } from "./control-entries.ts";
import { ControlJournal } from "./control-journal.ts";
import { type Page, type PageRequest, pageOf } from "./page.ts";
import type { Listing, PageTokens } from "./page-tokens.ts";
import { changeSafely, rerunAfterLostRace } from "./storage-failures.ts";

export interface CreatedApiKey {
  readonly key: ApiKey;
  /** Shown this once. */
  readonly secret: string;
}

export interface ApiKeyQuestion {
  readonly tenantId?: string;
  readonly role?: Role;
  readonly activeOnly: boolean;
}

/** What became of the key that the operator brought. */
export type BootstrapOutcome = "created" | "there already" | "no longer valid" | "another secret";

export interface ApiKeyServiceOptions {
  readonly secrets: ApiKeySecrets;
  readonly random: RandomBits;
  /** How long after its commit a revocation is answered. Tests have shorter leases. */
  readonly revocationWaitMs?: number;
}

const bootstrapName = "bootstrap";
/** Who makes that key. */
const bootstrapActor: Actor = { name: "file of the first ADMIN key", requestId: "" };

/** The credentials of callers. Every change of one is written down. */
export class ApiKeyService {
  readonly #unitOfWork: ApiKeyUnitOfWork;
  readonly #tokens: PageTokens;
  readonly #secrets: ApiKeySecrets;
  readonly #random: RandomBits;
  readonly #revocationWaitMs: number;

  constructor(unitOfWork: ApiKeyUnitOfWork, tokens: PageTokens, options: ApiKeyServiceOptions) {
    this.#unitOfWork = unitOfWork;
    this.#tokens = tokens;
    this.#secrets = options.secrets;
    this.#random = options.random;
    this.#revocationWaitMs = options.revocationWaitMs ?? leaseMs + leaseDriftMs;
  }

  /**
   * Every call makes another key.
   *
   * @throws InvalidRequestError when it would already have expired by the storage's clock
   */
  async createApiKey(definition: ApiKeyDefinition, actor: Actor): Promise<CreatedApiKey> {
    return await changeSafely(false, () =>
      this.#unitOfWork.run(async (store) => {
        const now = await store.now();
        if (!isActive(definition, now)) throw expiredAlready(definition, now);
        // Within the work, so that a prefix that is taken is another one when the work is run again.
        const made = this.#secrets.create();
        return { key: await this.#insert(store, definition, made, now, actor), secret: made.secret };
      }),
    );
  }

  /** Newest first. @throws PageTokenInvalidError */
  async listApiKeys(question: ApiKeyQuestion, page: PageRequest<ApiKey>): Promise<Page<ApiKey>> {
    const { tenantId, role, activeOnly } = question;
    const listing: Listing = {
      name: "api_keys",
      filters: { tenantId: tenantId ?? null, role: role ?? null, activeOnly },
    };
    const before = this.#tokens.read(listing, page.token);
    const keys = await rerunAfterLostRace(() =>
      this.#unitOfWork.run(async (store) => {
        const filter = {
          ...(tenantId === undefined ? {} : { tenantId }),
          ...(role === undefined ? {} : { role }),
          ...(activeOnly ? { activeAt: await store.now() } : {}),
        };
        return await store.keys.list(filter, before, page.size + 1);
      }),
    );
    return pageOf(keys, page, (last) => this.#tokens.issue(listing, last.id));
  }

  /**
   * Revokes the key for good. Resolves when no process believes in it any more: each may, for the time of a lease, without
   * asking the storage. A key that is revoked already is waited for as well, because the call that revoked it may have
   * been cut off in its wait.
   *
   * @throws ApiKeyNotFoundError
   */
  async revokeApiKey(id: string, actor: Actor): Promise<ApiKey> {
    const revoked = await changeSafely(true, () =>
      this.#unitOfWork.run(async (store) => {
        const key = await store.keys.findForUpdate(id);
        if (key === undefined) throw new ApiKeyNotFoundError(id);
        if (key.revokedAt !== undefined) return key;
        const now = await store.now();
        const revoked = { ...key, revokedAt: Math.max(now, key.createdAt) };
        await store.keys.revoke(id, revoked.revokedAt);
        await this.#journal(store, actor).record(now, apiKeyEntry({ before: key, after: revoked }));
        return revoked;
      }),
    );
    await new Promise((resolve) => setTimeout(resolve, this.#revocationWaitMs));
    return revoked;
  }

  /**
   * Makes the secret that the operator brought the key of an ADMIN, unless it is one. A key that was revoked stays revoked:
   * the file that holds the secret may have been forgotten.
   *
   * @returns undefined when the text is no secret
   */
  async createBootstrapKey(secret: string): Promise<BootstrapOutcome | undefined> {
    const read = this.#secrets.read(secret);
    if (read === undefined) return undefined;
    return await changeSafely(true, () =>
      this.#unitOfWork.run(async (store) => {
        const now = await store.now();
        const existing = await store.keys.findByPrefix(read.prefix);
        if (existing === undefined) {
          await this.#insert(
            store,
            { displayName: bootstrapName, role: "ADMIN" },
            { ...read, secret },
            now,
            bootstrapActor,
          );
          return "created";
        }
        if (!this.#secrets.hashesMatch(existing.secretHash, read.secretHash)) return "another secret";
        return isActive(existing.key, now) ? "there already" : "no longer valid";
      }),
    );
  }

  async #insert(
    store: ApiKeyStore,
    definition: ApiKeyDefinition,
    made: NewSecret,
    now: EpochMilliseconds,
    actor: Actor,
  ): Promise<ApiKey> {
    const id = eventIdAfter(undefined, now, this.#random);
    const key: ApiKey = { ...definition, id, prefix: made.prefix, createdAt: now };
    await store.keys.insert(key, made.secretHash);
    await this.#journal(store, actor).record(now, apiKeyEntry({ after: key }));
    return key;
  }

  #journal(store: ApiKeyStore, actor: Actor): ControlJournal {
    return new ControlJournal(store.changes, actor, this.#random);
  }
}

function expiredAlready({ expiresAt }: ApiKeyDefinition, now: EpochMilliseconds): InvalidRequestError {
  const description = `${new Date(expiresAt ?? now).toISOString()} is not ahead of now, ${new Date(now).toISOString()}`;
  return new InvalidRequestError([{ field: "expires_at", description }]);
}
