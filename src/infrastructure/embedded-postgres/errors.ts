/**
 * Why the embedded PostgreSQL could not start, in one line that a person can act on.
 *
 * It is thrown before anything was changed, or after everything that the failed start had begun was undone.
 */
export class EmbeddedPostgresError extends Error {
  override readonly name = "EmbeddedPostgresError";

  constructor(message: string, options?: ErrorOptions) {
    super(message.replace(/\s*\n\s*/g, " ").trim(), options);
  }
}

const reasonByCode: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EPERM: "operation not permitted",
  EROFS: "the file system is read-only",
  ENOSPC: "no space left on the device",
  EDQUOT: "the disk quota is used up",
  ENOTDIR: "a part of the path is a file, not a folder",
  EEXIST: "it is a file, not a folder",
};

/** The code of a system error such as ENOENT; undefined for any other error. */
export function systemErrorCode(error: unknown): string | undefined {
  if (error instanceof Error && "code" in error && typeof error.code === "string") {
    return error.code;
  }
  return undefined;
}

/** A system error in plain words, without the stack and the system call of its own message. */
export function describeSystemError(error: unknown): string {
  const code = systemErrorCode(error);
  const known = code === undefined ? undefined : reasonByCode[code];
  return known ?? (error instanceof Error ? error.message : String(error));
}
