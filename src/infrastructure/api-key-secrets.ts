import { hash, randomBytes, timingSafeEqual } from "node:crypto";
import type { ApiKeySecrets } from "../repositories/api-key-secrets.ts";

/** What a scanner for leaked secrets can look for. */
const mark = "qsk_";
/** 320 bits, of which the prefix gives 48 away. */
const randomBytesCount = 40;
const prefixLength = mark.length + 12;
const secretPattern = /^qsk_[0-9a-f]{80}$/;

/**
 * Secrets of 80 hexadecimal digits, which `openssl rand -hex 40` makes as well.
 *
 * SHA-256 and no slow hash: there is nothing to guess in 272 random bits, however fast each guess is, and a slow hash
 * would be a lever for whoever sends wrong keys.
 */
export const apiKeySecrets: ApiKeySecrets = {
  create: () => {
    const secret = mark + randomBytes(randomBytesCount).toString("hex");
    return { secret, ...keptOf(secret) };
  },
  looksLikeOne: (text) => text.startsWith(mark),
  read: (secret) => (secretPattern.test(secret) ? keptOf(secret) : undefined),
  hashesMatch: (one, other) => {
    const [a, b] = [Buffer.from(one, "latin1"), Buffer.from(other, "latin1")];
    return a.length === b.length && timingSafeEqual(a, b);
  },
};

function keptOf(secret: string) {
  return { prefix: secret.slice(0, prefixLength), secretHash: hash("sha256", secret, "hex") };
}
