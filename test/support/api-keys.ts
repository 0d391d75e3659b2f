import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ApiKey } from "../../src/domain/api-key.ts";
import { aMoment, anEventId } from "./builders.ts";

export function aSecret(): string {
  return `qsk_${randomBytes(40).toString("hex")}`;
}

/** A key that no other test has, created in the moment that its id carries. */
export function anApiKey(fields: Partial<ApiKey> = {}): ApiKey {
  const { createdAt = aMoment } = fields;
  return {
    id: anEventId(createdAt),
    displayName: "A key",
    role: "SERVICE",
    prefix: aSecret().slice(0, 16),
    createdAt,
    ...fields,
  };
}

/** A file with a new secret in it, for BOOTSTRAP_ADMIN_KEY_FILE. */
export interface KeyFile {
  readonly path: string;
  readonly secret: string;
  remove(): Promise<void>;
}

export async function aKeyFile(secret = aSecret(), mode = 0o600): Promise<KeyFile> {
  const folder = await mkdtemp(join(tmpdir(), "quota-test-key-"));
  const path = join(folder, "admin-key");
  await writeFile(path, `${secret}\n`, { mode });
  return { path, secret, remove: () => rm(folder, { recursive: true }) };
}
