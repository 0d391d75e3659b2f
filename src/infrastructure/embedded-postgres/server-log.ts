import { constants } from "node:fs";
import { type FileHandle, open, rename } from "node:fs/promises";
import type { DataFolder } from "./data-folder.ts";
import { systemErrorCode } from "./errors.ts";

/** How many of PostgreSQL's lines an error message quotes. */
const quotedLinesMax = 4;
/** How much of the log's end is read to find them. */
const tailBytesMax = 16_384;

const telling = /\b(FATAL|PANIC|ERROR|error|detail|DETAIL|hint|HINT):/;

/**
 * A new log for this run of the server; the one before stays beside it, older ones go. So the logs of two runs are all
 * that the folder ever holds. Only the service's user may read it: a failing statement is logged with its values.
 */
export async function openServerLog(folder: DataFolder): Promise<FileHandle> {
  try {
    await rename(folder.logFile, folder.previousLogFile);
  } catch (error) {
    if (systemErrorCode(error) !== "ENOENT") {
      throw error;
    }
  }
  const { O_CREAT, O_EXCL, O_RDWR, O_APPEND } = constants;
  return open(folder.logFile, O_CREAT | O_EXCL | O_RDWR | O_APPEND, 0o600);
}

/** What the server wrote after `offset`, at most the last few kilobytes of it. */
export async function readLogSince(log: FileHandle, offset: number): Promise<string> {
  const { size } = await log.stat();
  const start = Math.max(offset, size - tailBytesMax);
  const buffer = Buffer.alloc(Math.max(0, size - start));
  const { bytesRead } = await log.read(buffer, 0, buffer.length, start);
  return buffer.toString("utf8", 0, bytesRead);
}

/** The lines of a program's output that say what went wrong, on one line; where none does, the last ones. */
export function quoteReason(output: string): string {
  const lines = output
    .split("\n")
    .map((line) => line.replace(/^\d{4}-\S+ \S+ \S+ \[\d+\] /, "").trim())
    .filter((line) => line !== "");
  const reasons = lines.filter((line) => telling.test(line));
  return (reasons.length > 0 ? reasons : lines).slice(-quotedLinesMax).join("; ") || "it said nothing";
}
