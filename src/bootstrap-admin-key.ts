import { type FileHandle, open, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Config } from "./config/config.ts";
import { apiKeySecrets } from "./infrastructure/api-key-secrets.ts";
import { StartError } from "./infrastructure/database/start-error.ts";
import type { Logger } from "./infrastructure/telemetry/logger.ts";
import type { ApiKeyService } from "./services/api-key-service.ts";

/** Beside the embedded database, whose passwords lie there too. */
const embeddedFileName = "admin-key";

const ownerOnly = 0o600;
const othersBits = 0o077;

/** Longest file that is read; a secret is 84 characters. */
const fileBytesMax = 1_024;

/**
 * Sees to the first ADMIN key, without which nobody could create one: the secret in BOOTSTRAP_ADMIN_KEY_FILE becomes a key's
 * unless it is one. That file is the operator's to make, because a misspelt path must not make an ADMIN. Only the embedded
 * database, which nobody else has, comes with a secret of its own. A secret is never logged.
 *
 * @throws StartError in one line that says what to do
 */
export async function provideAdminKey(
  config: Config,
  apiKeys: Pick<ApiKeyService, "createBootstrapKey">,
  log: Logger,
): Promise<void> {
  const file = config.bootstrapAdminKeyFile ?? (await embeddedKeyFile(config));
  if (file === undefined) return;
  const outcome = await apiKeys.createBootstrapKey(await readSecret(file));
  if (outcome === undefined) throw notASecret(file);
  if (outcome === "another secret") {
    throw problem(file, "holds a secret that begins like another key's and goes on differently: make a new one");
  }
  if ((await stat(file)).mode & othersBits) log.warn({ file }, "others than its owner may read the ADMIN key's file");
  if (outcome === "no longer valid")
    log.warn({ file }, "the ADMIN key in this file has been revoked, and stays revoked");
  else log.info({ file, isNew: outcome === "created" }, "the secret of an ADMIN key lies in this file");
}

/** Made on the first start that needs it. */
async function embeddedKeyFile({ auth, database }: Config): Promise<string | undefined> {
  if (auth !== "required" || database.kind !== "embedded") return undefined;
  const file = join(database.dataDirectory, embeddedFileName);
  if (await exists(file)) return file;
  const unfinished = `${file}.new`;
  try {
    await rm(unfinished, { force: true });
    // "wx" makes a new file or fails: nothing that lies there already is written through, nor keeps its own mode.
    await withFile(await open(unfinished, "wx", ownerOnly), async (handle) => {
      await handle.writeFile(`${apiKeySecrets.create().secret}\n`);
      await handle.sync();
    });
    await rename(unfinished, file);
  } catch (error) {
    throw problem(file, `cannot be made (${reasonOf(error)})`);
  }
  return file;
}

async function exists(file: string): Promise<boolean> {
  try {
    await stat(file);
    return true;
  } catch (error) {
    if (reasonOf(error) === "ENOENT") return false;
    throw problem(file, `cannot be read (${reasonOf(error)})`);
  }
}

async function readSecret(file: string): Promise<string> {
  try {
    if ((await stat(file)).size > fileBytesMax) throw notASecret(file);
    return (await readFile(file, "utf8")).trim();
  } catch (error) {
    if (error instanceof StartError) throw error;
    const reason = reasonOf(error);
    const advice = reason === "ENOENT" ? `make it with: ${makingOf(file)}` : anotherFile;
    throw problem(file, `cannot be read (${reason}); ${advice}`);
  }
}

async function withFile(handle: FileHandle, work: (handle: FileHandle) => Promise<void>): Promise<void> {
  try {
    await work(handle);
  } finally {
    await handle.close();
  }
}

/** For a path that leads to something: it may be a file that others need, named by mistake. */
const anotherFile = `leave it and name a new file, made with: ${makingOf("admin-key")}`;

/** Says nothing of what the file holds: it may be another secret. */
function notASecret(file: string): StartError {
  return problem(file, `does not hold qsk_ and 80 lower-case hexadecimal digits; ${anotherFile}`);
}

/** "set -C" writes over nothing that is there. */
function makingOf(file: string): string {
  return `(umask 077; set -C; echo "qsk_$(openssl rand -hex 40)" > ${file})`;
}

function problem(file: string, what: string): StartError {
  return new StartError(`BOOTSTRAP_ADMIN_KEY_FILE: ${file} ${what}`);
}

function reasonOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}
