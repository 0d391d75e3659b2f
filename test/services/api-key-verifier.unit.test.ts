import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ApiKey } from "../../src/domain/api-key.ts";
import { DatabaseUnavailableError } from "../../src/domain/errors/availability-errors.ts";
import { apiKeySecrets } from "../../src/infrastructure/api-key-secrets.ts";
import type { ApiKeyDirectory, ApiKeySnapshot, ApiKeyUse } from "../../src/repositories/api-key-directory.ts";
import { StorageUnavailableError } from "../../src/repositories/storage-errors.ts";
import { ApiKeyVerifier } from "../../src/services/api-key-verifier.ts";
import { anApiKey, aSecret } from "../support/api-keys.ts";
import { aMoment, aTenant } from "../support/builders.ts";

const bounds = { batchItemsMax: 512, queueItemsMax: 1_000, queueBytesMax: 1_000_000, waitMaxMs: 1_000 };
const leaseMs = 2_000;
const times = { leaseMs, renewalMs: 800, noteMs: 30_000 };

/** Keys that a test changes under the verifier, and what it was asked. */
class FakeDirectory implements ApiKeyDirectory {
  readonly keys = new Map<string, { key: ApiKey; secretHash: string }>();
  readonly asked: (readonly string[])[] = [];
  readonly noted: (readonly ApiKeyUse[])[] = [];
  now = aMoment;
  before: () => Promise<void> = async () => undefined;

  add(fields: Partial<ApiKey> = {}): string {
    const secret = aSecret();
    const read = apiKeySecrets.read(secret);
    if (read === undefined) throw new Error("no secret");
    this.keys.set(read.prefix, { key: anApiKey({ ...fields, prefix: read.prefix }), secretHash: read.secretHash });
    return secret;
  }

  revoke(secret: string): void {
    const stored = this.keys.get(secret.slice(0, 16));
    if (stored === undefined) throw new Error("no such key");
    this.keys.set(stored.key.prefix, { ...stored, key: { ...stored.key, revokedAt: aMoment } });
  }

  async lookUp(prefixes: readonly string[]): Promise<ApiKeySnapshot> {
    this.asked.push(prefixes);
    const keys = new Map([...this.keys].filter(([prefix]) => prefixes.includes(prefix)));
    const snapshot = { now: this.now, keys };
    await this.before();
    return snapshot;
  }

  async noteUses(uses: readonly ApiKeyUse[]): Promise<void> {
    await this.before();
    this.noted.push(uses);
  }
}

let directory: FakeDirectory;
let verifier: ApiKeyVerifier;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "setTimeout", "clearTimeout", "Date", "performance"] });
  directory = new FakeDirectory();
  verifier = new ApiKeyVerifier(directory, apiKeySecrets, bounds, times);
});

afterEach(async () => {
  await verifier.close();
  vi.useRealTimers();
});

describe("a key", () => {
  it("is whose it is, and is known without another look until its lease runs out", async () => {
    const tenantId = aTenant();
    const secret = directory.add({ role: "TENANT", tenantId, displayName: "Shop" });
    expect(verifier.known(secret)).toBeUndefined();
    const principal = await verifier.verify(secret);
    expect(principal).toMatchObject({ role: "TENANT", tenantId, name: "Shop" });
    expect(verifier.known(secret)).toEqual(principal);
    expect(directory.asked).toHaveLength(1);
    // Idle time: without a renewal it lapses.
    vi.spyOn(directory, "lookUp").mockRejectedValue(new StorageUnavailableError("away"));
    await vi.advanceTimersByTimeAsync(leaseMs - 1);
    expect(verifier.known(secret)).toEqual(principal);
    await vi.advanceTimersByTimeAsync(1);
    expect(verifier.known(secret)).toBe("lapsed");
  });

  it.each([
    ["unknown", () => aSecret()],
    ["revoked", () => directory.add({ revokedAt: aMoment - 1 })],
    ["expired", () => directory.add({ expiresAt: aMoment })],
    ["malformed", () => "qsk_123"],
    ["another with the same beginning", () => `${directory.add().slice(0, 16)}${"0".repeat(68)}`],
  ])("that is %s is nobody's", async (_, make) => {
    const secret = make();
    expect(await verifier.verify(secret)).toBeUndefined();
    expect(verifier.known(secret)).toBeUndefined();
  });

  it("with the beginning of a known one is not known", async () => {
    const secret = directory.add();
    await verifier.verify(secret);
    expect(verifier.known(`${secret.slice(0, 16)}${"0".repeat(68)}`)).toBeUndefined();
  });

  it("is believed in until it expires, when that is sooner than the lease", async () => {
    const secret = directory.add({ expiresAt: aMoment + 50 });
    await verifier.verify(secret);
    await vi.advanceTimersByTimeAsync(49);
    expect(verifier.known(secret)).toMatchObject({ role: "SERVICE" });
    await vi.advanceTimersByTimeAsync(1);
    expect(verifier.known(secret)).toBe("lapsed");
  });
});

describe("a lease", () => {
  it("counts from before the question, however late the answer comes", async () => {
    const secret = directory.add();
    directory.before = () => delay(0).then(() => void vi.advanceTimersByTime(leaseMs - 100));
    await verifier.verify(secret);
    directory.revoke(secret);
    expect(verifier.known(secret)).toMatchObject({ role: "SERVICE" });
    vi.advanceTimersByTime(100);
    expect(verifier.known(secret)).toBe("lapsed");
  });

  it("is renewed for a key in use, so that its calls never wait", async () => {
    const secret = directory.add();
    await verifier.verify(secret);
    for (let step = 0; step < 50; step += 1) {
      await vi.advanceTimersByTimeAsync(200);
      expect(verifier.known(secret)).toMatchObject({ role: "SERVICE" });
    }
    expect(directory.asked.length).toBeGreaterThan(5);
  });

  it("is not renewed for a key that nobody uses", async () => {
    const secret = directory.add();
    await verifier.verify(secret);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(directory.asked.length).toBeLessThanOrEqual(3);
    expect(verifier.known(secret)).toBe("lapsed");
  });

  it("is never renewed beyond a revocation: after one lease nobody believes in the key", async () => {
    const secret = directory.add();
    await verifier.verify(secret);
    for (let step = 0; step < 37; step += 1) {
      await vi.advanceTimersByTimeAsync(100);
      verifier.known(secret);
    }
    directory.revoke(secret);
    let believedMs = 0;
    while (typeof verifier.known(secret) === "object") {
      await vi.advanceTimersByTimeAsync(10);
      believedMs += 10;
    }
    expect(believedMs).toBeLessThanOrEqual(leaseMs);
    expect(await verifier.verify(secret)).toBeUndefined();
  });

  it("ends by the wall clock as well, which goes on while a machine sleeps", async () => {
    const secret = directory.add();
    await verifier.verify(secret);
    vi.setSystemTime(Date.now() + leaseMs);
    expect(verifier.known(secret)).toBe("lapsed");
  });

  it("ends all the same when the wall clock is set back", async () => {
    const secret = directory.add();
    await verifier.verify(secret);
    vi.setSystemTime(Date.now() - 3_600_000);
    vi.spyOn(directory, "lookUp").mockRejectedValue(new StorageUnavailableError("away"));
    await vi.advanceTimersByTimeAsync(leaseMs);
    expect(verifier.known(secret)).toBe("lapsed");
  });
});

describe("looking keys up", () => {
  it("is done together by calls at the same time", async () => {
    const secrets = Array.from({ length: 50 }, () => directory.add());
    const all = [...secrets, ...secrets, aSecret()];
    const principals = await Promise.all(all.map((secret) => verifier.verify(secret)));
    expect(principals.filter((principal) => principal !== undefined)).toHaveLength(100);
    expect(directory.asked.length).toBeLessThanOrEqual(2);
  });

  it("that fails says nothing about the key", async () => {
    vi.spyOn(directory, "lookUp").mockRejectedValue(new StorageUnavailableError("away"));
    await expect(verifier.verify(directory.add())).rejects.toThrow(DatabaseUnavailableError);
  });
});

describe("the last use", () => {
  it("is written down every half minute, once for each key, with how long ago it was", async () => {
    const [one, other] = [directory.add(), directory.add()];
    await verifier.verify(one);
    await verifier.verify(other);
    await vi.advanceTimersByTimeAsync(1_000);
    verifier.known(one);
    await vi.advanceTimersByTimeAsync(29_000);
    expect(directory.noted).toHaveLength(1);
    const agos = Object.fromEntries((directory.noted[0] ?? []).map(({ keyId, agoMs }) => [keyId, agoMs]));
    expect(Object.values(agos).sort((a, b) => a - b)).toEqual([29_000, 30_000]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(directory.noted).toHaveLength(1);
  });

  it("is written down at the end, and again when that had failed before", async () => {
    const secret = directory.add();
    await verifier.verify(secret);
    directory.before = () => Promise.reject(new StorageUnavailableError("away"));
    await vi.advanceTimersByTimeAsync(30_000);
    expect(directory.noted).toHaveLength(0);
    directory.before = async () => undefined;
    await verifier.close();
    expect(directory.noted).toHaveLength(1);
  });
});

it("a lease that does not outlast a late renewal is refused at once", () => {
  const make = () => new ApiKeyVerifier(directory, apiKeySecrets, bounds, { ...times, leaseMs: 1_500 });
  expect(make).toThrow("outlast");
});
