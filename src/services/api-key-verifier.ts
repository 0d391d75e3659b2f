import { isActive, principalOf } from "../domain/api-key.ts";
import type { Principal } from "../domain/principal.ts";
import type { ApiKeyDirectory, ApiKeySnapshot, ApiKeyUse } from "../repositories/api-key-directory.ts";
import type { ApiKeySecrets } from "../repositories/api-key-secrets.ts";
import { isRunning, type Lease, leaseFor, leaseMs } from "./api-key-leases.ts";
import { BatchQueue, type BatchQueueBounds } from "./batch-queue.ts";
import { rerunAfterLostRace } from "./storage-failures.ts";

/** A key that was found good, and until when that may be believed. */
interface KnownKey {
  readonly keyId: string;
  readonly secretHash: string;
  readonly principal: Principal;
  readonly lease: Lease;
  /** By `performance.now()`. */
  usedAt: number;
  /** The use that the storage knows of. */
  notedAt: number;
}

export interface VerifierTimes {
  readonly leaseMs: number;
  /** How often keys in use are looked up anew, so that no call has to wait for it. */
  readonly renewalMs: number;
  /** How often uses are written down. */
  readonly noteMs: number;
}

const defaultTimes: VerifierTimes = { leaseMs, renewalMs: 800, noteMs: 30_000 };

/** Some 500 bytes each. A key beyond them is looked up more often, and works all the same. */
const knownKeysMax = 10_000;
const renewalChunkMax = 1_000;

/** What a waiting question occupies, roughly. */
const questionBytes = 256;

/**
 * Tells whose key a secret is. A key that was looked up is believed in for the time of a lease without asking again, which
 * costs a call no more than a look into a map; a revocation waits until every lease has run out (see `ApiKeyService`).
 */
export class ApiKeyVerifier {
  readonly #directory: ApiKeyDirectory;
  readonly #secrets: ApiKeySecrets;
  readonly #times: VerifierTimes;
  readonly #known = new Map<string, KnownKey>();
  readonly #lookUps: BatchQueue<string, KnownKey | undefined>;
  readonly #timers: NodeJS.Timeout[];
  #renewedAt = performance.now();

  constructor(
    directory: ApiKeyDirectory,
    secrets: ApiKeySecrets,
    bounds: BatchQueueBounds,
    times: VerifierTimes = defaultTimes,
  ) {
    if (times.renewalMs * 2 > times.leaseMs) throw new Error("a lease must outlast a renewal that comes late");
    this.#directory = directory;
    this.#secrets = secrets;
    this.#times = times;
    this.#lookUps = new BatchQueue((prefixes) => this.#lookUp(prefixes), bounds);
    this.#timers = [
      setInterval(() => void this.#renew(), times.renewalMs).unref(),
      setInterval(() => void this.#noteUses(), times.noteMs).unref(),
    ];
  }

  /** Whether the text is meant to be a key's secret. */
  isCredential(text: string): boolean {
    return this.#secrets.looksLikeOne(text);
  }

  /**
   * Whose key it is, as far as that is known without asking.
   *
   * @returns undefined when it must be looked up; "lapsed" when it must be too, and was good when it was looked up last
   */
  known(secret: string): Principal | "lapsed" | undefined {
    const read = this.#secrets.read(secret);
    const key = read === undefined ? undefined : this.#known.get(read.prefix);
    if (read === undefined || key === undefined) return undefined;
    if (!this.#secrets.hashesMatch(read.secretHash, key.secretHash)) return undefined;
    const now = performance.now();
    if (!isRunning(key.lease, now)) return "lapsed";
    key.usedAt = now;
    return key.principal;
  }

  /**
   * Looks the key up; calls at the same time share one look.
   *
   * @returns undefined when there is no such key, or it has expired or is revoked
   * @throws DatabaseUnavailableError, OverloadedError
   */
  async verify(secret: string): Promise<Principal | undefined> {
    const read = this.#secrets.read(secret);
    if (read === undefined) return undefined;
    const key = await this.#lookUps.submit(read.prefix, questionBytes);
    if (key === undefined || !this.#secrets.hashesMatch(read.secretHash, key.secretHash)) return undefined;
    key.usedAt = performance.now();
    return key.principal;
  }

  /** Writes the last uses down and stops. Never rejects. */
  async close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await this.#noteUses();
  }

  async #lookUp(prefixes: readonly string[]): Promise<(KnownKey | undefined)[]> {
    const found = await rerunAfterLostRace(() => this.#read([...new Set(prefixes)]));
    return prefixes.map((prefix) => found.get(prefix));
  }

  async #read(prefixes: readonly string[]): Promise<Map<string, KnownKey>> {
    // Before the question is sent, so that whatever was acknowledged until now is in the answer.
    const askedAt = leaseFor(0);
    const snapshot = await this.#directory.lookUp(prefixes);
    const found = new Map<string, KnownKey>();
    for (const prefix of prefixes) {
      const key = this.#remember(prefix, snapshot, askedAt);
      if (key !== undefined) found.set(prefix, key);
    }
    return found;
  }

  #remember(prefix: string, { now, keys }: ApiKeySnapshot, askedAt: Lease): KnownKey | undefined {
    const stored = keys.get(prefix);
    const before = this.#known.get(prefix);
    this.#known.delete(prefix);
    if (stored === undefined || !isActive(stored.key, now)) return undefined;
    const { expiresAt = Number.POSITIVE_INFINITY } = stored.key;
    const forMs = Math.min(this.#times.leaseMs, expiresAt - now);
    const key: KnownKey = {
      keyId: stored.key.id,
      secretHash: stored.secretHash,
      principal: before?.principal ?? principalOf(stored.key),
      lease: { monotonicMs: askedAt.monotonicMs + forMs, wallMs: askedAt.wallMs + forMs },
      usedAt: before?.usedAt ?? Number.NEGATIVE_INFINITY,
      notedAt: before?.notedAt ?? Number.NEGATIVE_INFINITY,
    };
    this.#known.set(prefix, key);
    if (this.#known.size > knownKeysMax) this.#forgetOne();
    return key;
  }

  /** The one that was looked up longest ago, which is none in use: those are looked up again and again. */
  #forgetOne(): void {
    for (const prefix of this.#known.keys()) {
      this.#known.delete(prefix);
      return;
    }
  }

  /** Keys that nobody used since the last time are left to lapse. */
  async #renew(): Promise<void> {
    const since = this.#renewedAt;
    this.#renewedAt = performance.now();
    const prefixes = [...this.#known].filter(([, { usedAt }]) => usedAt >= since).map(([prefix]) => prefix);
    for (let first = 0; first < prefixes.length; first += renewalChunkMax) {
      // A storage that does not answer now is asked again by the next call, which then hears about it.
      await this.#read(prefixes.slice(first, first + renewalChunkMax)).catch(() => undefined);
    }
  }

  async #noteUses(): Promise<void> {
    const now = performance.now();
    const used = [...this.#known.values()].filter(({ usedAt, notedAt }) => usedAt > notedAt);
    if (used.length === 0) return;
    const uses: ApiKeyUse[] = used.map(({ keyId, usedAt }) => ({ keyId, agoMs: Math.max(0, Math.ceil(now - usedAt)) }));
    const noted = new Map(used.map(({ keyId, usedAt }) => [keyId, usedAt]));
    try {
      await this.#directory.noteUses(uses);
    } catch {
      // Tried again the next time. Nobody's call depends on it.
      return;
    }
    for (const key of this.#known.values()) key.notedAt = Math.max(key.notedAt, noted.get(key.keyId) ?? key.notedAt);
  }
}
