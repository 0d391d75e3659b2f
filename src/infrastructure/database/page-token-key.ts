import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { PageTokenSeal } from "../../repositories/page-token-seal.ts";
import { SettingEntity } from "./entities/setting-entity.ts";
import type { Transactions } from "./transactions.ts";

const settingName = "page_token_key";
const keyBytes = 32;
const algorithm = "sha256";

/**
 * Reads the key of page tokens, which the first process on a database makes. It lies in the database so that a token works
 * on every process and after restarts (R16).
 */
export async function readPageTokenSeal(transactions: Transactions): Promise<PageTokenSeal> {
  const value = await transactions.asApp([], async ({ em }) => {
    const fresh = { name: settingName, value: randomBytes(keyBytes).toString("base64") };
    // Two processes may start at once; whoever comes second takes the first one's key.
    await em.upsert(SettingEntity, fresh, { onConflictAction: "ignore" });
    const setting = await em.findOneOrFail(SettingEntity, { name: settingName }, { refresh: true });
    return setting.value;
  });
  return sealWith(Buffer.from(value, "base64"));
}

/** `<content>.<HMAC-SHA-256 of it>`, both base64url. */
export function sealWith(key: Buffer): PageTokenSeal {
  const mac = (content: string) => createHmac(algorithm, key).update(content).digest();
  return {
    seal: (content) => {
      const text = Buffer.from(content).toString("base64url");
      return `${text}.${mac(text).toString("base64url")}`;
    },
    open: (sealed) => {
      const [text, signature, ...rest] = sealed.split(".");
      if (text === undefined || signature === undefined || rest.length > 0) return undefined;
      // Compared as text: base64url decoding would let altered trailing bits pass.
      const expected = Buffer.from(mac(text).toString("base64url"));
      const given = Buffer.from(signature);
      if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
      return Buffer.from(text, "base64url").toString();
    },
  };
}
