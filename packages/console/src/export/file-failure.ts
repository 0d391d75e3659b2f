import type { Failure } from "../api/failure.ts";

/** The file could not be written; the service has no part in it. */
export class FileError extends Error {
  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.name = "FileError";
  }
}

/** Runs what touches the file, so that its failure is told from the service's. */
export async function onFile<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (thrown) {
    throw new FileError(thrown);
  }
}

/** By the names that the File System standard gives. */
const titles: Readonly<Record<string, string>> = {
  QuotaExceededError: "There is no room left for the file",
  NotAllowedError: "The browser may not write to this file",
  SecurityError: "The browser may not write to this file",
  NoModificationAllowedError: "The file is in use by another program or tab",
  NotFoundError: "The file or its folder is gone",
};

export function fileFailureOf({ cause, message }: FileError): Failure {
  const name = cause instanceof Error ? cause.name : "UNKNOWN";
  return {
    title: titles[name] ?? "The file could not be written",
    message: `The export stopped, and no file was left behind. The browser says: ${message}`,
    reason: name,
    violations: [],
    requestId: "",
    isTransient: false,
  };
}

/** True where a person closed the dialogue that asks for a file, or cancelled. */
export function isAbort(thrown: unknown): boolean {
  const cause = thrown instanceof FileError ? thrown.cause : thrown;
  return cause instanceof DOMException && cause.name === "AbortError";
}
