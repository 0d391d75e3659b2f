import { expect } from "vitest";
import type { FailedStart } from "../support/server-process.ts";

/** What a refused start says of itself: one line, without a stack, and an exit code that a supervisor notices. */
export function expectRefusal({ exitCode, stderr }: Pick<FailedStart, "exitCode" | "stderr">, reason: RegExp): void {
  const [line = "", ...rest] = stderr.split("\n");
  expect(rest, stderr).toEqual([""]);
  expect(line).toMatch(/^quota-service: /);
  expect(line.slice("quota-service: ".length)).toMatch(reason);
  expect(exitCode).toBe(1);
}

/** A pattern that is exactly this text. */
export function exactly(text: string): RegExp {
  return new RegExp(`^${escaped(text)}$`);
}

/** The text as it stands in a pattern. */
export function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}
