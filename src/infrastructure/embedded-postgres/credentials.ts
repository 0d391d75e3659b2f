import { randomBytes } from "node:crypto";
import { open, rename, rm } from "node:fs/promises";
import { type DataFolder, readIfExists, syncFolder } from "./data-folder.ts";
import { describeSystemError, EmbeddedPostgresError } from "./errors.ts";

/** The passwords of the three logins of an embedded database. */
export interface Credentials {
  readonly superuserPassword: string;
  readonly ownerPassword: string;
  readonly servicePassword: string;
}

const passwordBytes = 24;

/** The passwords that fit an existing cluster. */
export async function readCredentials(folder: DataFolder): Promise<Credentials> {
  const credentials = await storedCredentials(folder);
  if (credentials === undefined) {
    throw new EmbeddedPostgresError(
      `DATA_DIR ${folder.given} holds a database but not its passwords: ` +
        "put credentials.json back, or name another folder",
    );
  }
  return credentials;
}

/**
 * The passwords for a cluster that is about to be made. They are on the disk before the cluster is, so a start killed
 * in between leaves no database that nobody can enter; the next one takes the same passwords.
 */
export async function readOrCreateCredentials(folder: DataFolder): Promise<Credentials> {
  const stored = await storedCredentials(folder);
  if (stored !== undefined) {
    return stored;
  }
  const created: Credentials = {
    superuserPassword: newPassword(),
    ownerPassword: newPassword(),
    servicePassword: newPassword(),
  };
  const unfinished = `${folder.credentialsFile}.new`;
  await rm(unfinished, { force: true });
  // "wx" makes a new file or fails: nothing that lies there already is written through, nor keeps its own mode.
  const file = await open(unfinished, "wx", 0o600);
  try {
    await file.writeFile(`${JSON.stringify(created, undefined, 2)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(unfinished, folder.credentialsFile);
  await syncFolder(folder.root);
  return created;
}

async function storedCredentials(folder: DataFolder): Promise<Credentials | undefined> {
  let text: string | undefined;
  try {
    text = await readIfExists(folder.credentialsFile);
  } catch (cause) {
    throw new EmbeddedPostgresError(
      `cannot read credentials.json in DATA_DIR ${folder.given}: ${describeSystemError(cause)}`,
      { cause },
    );
  }
  return text === undefined ? undefined : parseCredentials(text, folder);
}

function parseCredentials(text: string, folder: DataFolder): Credentials {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    // No cause: the parser's message quotes the file, and the file holds passwords.
    parsed = undefined;
  }
  if (
    typeof parsed === "object" &&
    parsed !== null &&
    "superuserPassword" in parsed &&
    typeof parsed.superuserPassword === "string" &&
    "ownerPassword" in parsed &&
    typeof parsed.ownerPassword === "string" &&
    "servicePassword" in parsed &&
    typeof parsed.servicePassword === "string"
  ) {
    const { superuserPassword, ownerPassword, servicePassword } = parsed;
    return { superuserPassword, ownerPassword, servicePassword };
  }
  throw new EmbeddedPostgresError(`credentials.json in DATA_DIR ${folder.given} does not hold the three passwords`);
}

/** Only letters, digits, "-" and "_": it stands in URLs and in SQL without escaping. */
function newPassword(): string {
  return randomBytes(passwordBytes).toString("base64url");
}
