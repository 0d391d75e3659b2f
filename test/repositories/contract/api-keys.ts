import { describe, expect, it } from "vitest";
import type { ApiKey } from "../../../src/domain/api-key.ts";
import { roles } from "../../../src/domain/principal.ts";
import type { ApiKeyFilter } from "../../../src/repositories/api-key-repository.ts";
import { anApiKey } from "../../support/api-keys.ts";
import { aMoment, aTenant, dayMs } from "../../support/builders.ts";
import { expectLostRace, failureOf, isWaiting } from "./steps.ts";
import type { CurrentStorage } from "./storage-under-test.ts";

const hash = "0123456789abcdef".repeat(4);

export function describeApiKeys(storage: CurrentStorage): void {
  async function insert(...keys: readonly ApiKey[]): Promise<void> {
    await storage().apiKeys.run(async (store) => {
      for (const key of keys) await store.keys.insert(key, hash);
    });
  }

  const find = (id: string) => storage().apiKeys.run((store) => store.keys.findForUpdate(id));
  const list = (filter: ApiKeyFilter, beforeId?: string, limit = 100) =>
    storage().apiKeys.run((store) => store.keys.list(filter, beforeId, limit));
  const lookUp = (...prefixes: string[]) => storage().apiKeyDirectory.lookUp(prefixes);

  describe("a key", () => {
    it("comes back exactly, whatever its role, and with its hash where that is asked for", async () => {
      for (const role of roles) {
        const key = anApiKey({
          role,
          displayName: "Größe „XL“ \u{1f680} 'quoted'",
          ...(role === "TENANT" ? { tenantId: aTenant() } : {}),
          expiresAt: aMoment + dayMs,
        });
        await insert(key);
        expect(await find(key.id)).toStrictEqual(key);
        const stored = await storage().apiKeys.run((store) => store.keys.findByPrefix(key.prefix));
        expect(stored).toStrictEqual({ key, secretHash: hash });
        expect((await lookUp(key.prefix)).keys).toEqual(new Map([[key.prefix, { key, secretHash: hash }]]));
      }
    });

    it("is not found under an id or a prefix that no key has", async () => {
      const { id, prefix } = anApiKey();
      expect(await find(id)).toBeUndefined();
      expect(await storage().apiKeys.run((store) => store.keys.findByPrefix(prefix))).toBeUndefined();
      expect((await lookUp(prefix)).keys).toEqual(new Map());
    });

    it("loses the race for an id or a prefix that a key has, and changes nothing", async () => {
      const key = anApiKey();
      await insert(key);
      await expectLostRace(insert({ ...anApiKey(), id: key.id }));
      await expectLostRace(insert(anApiKey({ prefix: key.prefix })));
      expect(await find(key.id)).toStrictEqual(key);
    });

    it("of a unit of work that fails is not stored", async () => {
      const key = anApiKey();
      const work = storage().apiKeys.run(async (store) => {
        await store.keys.insert(key, hash);
        throw new Error("no more");
      });
      expect(await failureOf(work)).toEqual(new Error("no more"));
      expect(await find(key.id)).toBeUndefined();
    });
  });

  describe("revoking a key", () => {
    it("sets the time once and changes nothing else", async () => {
      const [key, neighbour] = [anApiKey(), anApiKey()];
      await insert(key, neighbour);
      for (const revokedAt of [aMoment + 1, aMoment + 2]) {
        await storage().apiKeys.run((store) => store.keys.revoke(key.id, revokedAt));
        expect(await find(key.id)).toStrictEqual({ ...key, revokedAt: aMoment + 1 });
      }
      expect(await find(neighbour.id)).toStrictEqual(neighbour);
      expect((await lookUp(key.prefix)).keys.get(key.prefix)?.key.revokedAt).toBe(aMoment + 1);
    });

    it("waits for whoever has found the key for the same purpose", async () => {
      const key = anApiKey();
      await insert(key);
      const found = Promise.withResolvers<void>();
      const go = Promise.withResolvers<void>();
      const first = storage().apiKeys.run(async (store) => {
        await store.keys.findForUpdate(key.id);
        found.resolve();
        await go.promise;
        await store.keys.revoke(key.id, aMoment + 1);
      });
      await found.promise;
      const second = find(key.id);
      expect(await isWaiting(second)).toBe(true);
      go.resolve();
      await first;
      expect((await second)?.revokedAt).toBe(aMoment + 1);
    });
  });

  describe("the list of keys", () => {
    it("is newest first, in pages without gaps", async () => {
      const tenantId = aTenant();
      const keys = [5, 3, 1, 4, 2].map((n) => anApiKey({ role: "TENANT", tenantId, createdAt: aMoment + n * 1_000 }));
      await insert(...keys);
      const sorted = [...keys].sort((a, b) => b.createdAt - a.createdAt);
      expect(await list({ tenantId })).toStrictEqual(sorted);
      expect(await list({ tenantId }, undefined, 2)).toStrictEqual(sorted.slice(0, 2));
      expect(await list({ tenantId }, sorted[1]?.id, 2)).toStrictEqual(sorted.slice(2, 4));
      expect(await list({ tenantId }, sorted[4]?.id, 2)).toEqual([]);
    });

    it("keeps to the role and to the keys that work at an instant", async () => {
      const tenantId = aTenant();
      const lasting = anApiKey({ role: "TENANT", tenantId, createdAt: aMoment });
      const expiring = anApiKey({ role: "TENANT", tenantId, createdAt: aMoment + 1, expiresAt: aMoment + dayMs });
      const revoked = anApiKey({ role: "TENANT", tenantId, createdAt: aMoment + 2, revokedAt: aMoment + 3 });
      const auditor = anApiKey({ role: "AUDITOR", createdAt: aMoment + 4 });
      await insert(lasting, expiring, revoked, auditor);
      expect(await list({ tenantId })).toStrictEqual([revoked, expiring, lasting]);
      expect(await list({ tenantId, activeAt: aMoment + dayMs - 1 })).toStrictEqual([expiring, lasting]);
      expect(await list({ tenantId, activeAt: aMoment + dayMs })).toStrictEqual([lasting]);
      expect(await list({ tenantId, role: "AUDITOR" })).toEqual([]);
      expect(await list({ role: "AUDITOR" })).toContainEqual(auditor);
      expect(await list({ role: "SERVICE" })).not.toContainEqual(auditor);
    });
  });

  describe("the directory of keys", () => {
    it("answers many at once, with the storage's clock, and leaves out what is not there", async () => {
      const keys = [anApiKey(), anApiKey(), anApiKey()];
      await insert(...keys);
      await storage().setClock(aMoment + 7);
      const snapshot = await lookUp(...keys.map(({ prefix }) => prefix), anApiKey().prefix);
      expect(snapshot.now).toBe(aMoment + 7);
      expect([...snapshot.keys.keys()].sort()).toEqual(keys.map(({ prefix }) => prefix).sort());
      expect((await lookUp()).now).toBe(aMoment + 7);
    });

    it("moves last uses forward and never back, and passes over keys that are not there", async () => {
      const [key, neighbour] = [anApiKey(), anApiKey()];
      await insert(key, neighbour);
      const noted = async (...agoMs: readonly number[]) => {
        await storage().setClock(aMoment + dayMs);
        const { apiKeyDirectory } = storage();
        await apiKeyDirectory.noteUses(agoMs.map((ago) => ({ keyId: key.id, agoMs: ago })));
        return (await find(key.id))?.lastUsedAt;
      };
      expect(await noted(500)).toBe(aMoment + dayMs - 500);
      expect(await noted(900)).toBe(aMoment + dayMs - 500);
      expect(await noted(20)).toBe(aMoment + dayMs - 20);
      await storage().apiKeyDirectory.noteUses([{ keyId: anApiKey().id, agoMs: 1 }]);
      await storage().apiKeyDirectory.noteUses([]);
      expect(await find(neighbour.id)).toStrictEqual(neighbour);
    });

    it("notes the uses of the same keys by several at once, whichever order they name them in", async () => {
      const keys = Array.from({ length: 20 }, () => anApiKey());
      await insert(...keys);
      const uses = keys.map(({ id }) => ({ keyId: id, agoMs: 1 }));
      const rounds = Array.from({ length: 20 }, (_, round) => (round % 2 === 0 ? uses : [...uses].reverse()));
      await Promise.all(rounds.map((round) => storage().apiKeyDirectory.noteUses(round)));
      for (const { id } of keys) expect((await find(id))?.lastUsedAt).toBeDefined();
    });
  });
}
