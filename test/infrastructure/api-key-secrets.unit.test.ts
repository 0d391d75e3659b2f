import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { apiKeySecrets } from "../../src/infrastructure/api-key-secrets.ts";

it("a new secret has its form, its beginning for a prefix, and its SHA-256 for a hash", () => {
  const { secret, prefix, secretHash } = apiKeySecrets.create();
  expect(secret).toMatch(/^qsk_[0-9a-f]{80}$/);
  expect(prefix).toBe(secret.slice(0, 16));
  expect(secretHash).toBe(createHash("sha256").update(secret).digest("hex"));
  expect(apiKeySecrets.read(secret)).toEqual({ prefix, secretHash });
});

it("secrets do not repeat, in no position", () => {
  const secrets = Array.from({ length: 200 }, () => apiKeySecrets.create().secret);
  expect(new Set(secrets).size).toBe(200);
  for (let position = 4; position < 84; position += 1) {
    expect(new Set(secrets.map((secret) => secret[position])).size, `position ${position}`).toBeGreaterThan(8);
  }
});

it.each([
  "",
  "qsk_",
  `qsk_${"a".repeat(79)}`,
  `qsk_${"a".repeat(81)}`,
  `qsk_${"A".repeat(80)}`,
  `QSK_${"a".repeat(80)}`,
])("what has another form is not read: %j", (text) => {
  expect(apiKeySecrets.read(text)).toBeUndefined();
});

it("hashes match when they are equal and in no other case", () => {
  expect(apiKeySecrets.hashesMatch("ab", "ab")).toBe(true);
  for (const other of ["", "a", "abc", "Ab", "ba"]) expect(apiKeySecrets.hashesMatch("ab", other)).toBe(false);
});
