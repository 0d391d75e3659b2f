import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const checkout = fileURLToPath(new URL("../..", import.meta.url));
const readyTimeoutMs = 30_000;
const pollMs = 10;

/** A command of the project, run by npm in a process group of its own, as a terminal runs each command line. */
export interface Command {
  /** Of npm, and of the group. */
  readonly processId: number;
  /** Standard output so far. */
  output(): string;
  /** Standard error so far. */
  errors(): string;
  /** Waits for the text on standard output; rejects when the command ends without. */
  until(text: string): Promise<void>;
  /** Settles when every process that shares the command's output has ended. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
}

/** @param env in place of every variable of the service that the shell may have */
export function npm(args: readonly string[], env: Readonly<Record<string, string>>): Command {
  const assignments = Object.entries({ DATABASE_URL: "", DATABASE_OWNER_URL: "", PLANS_FILE: "", ...env });
  const child = spawn("env", [...assignments.map(([name, value]) => `${name}=${value}`), "npm", "--silent", ...args], {
    cwd: checkout,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  let errors = "";
  let isOver = false;
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const ended = once(child, "close").then(() => {
    isOver = true;
    return child.exitCode ?? child.signalCode;
  });
  return {
    processId: child.pid ?? Number.NaN,
    output: () => output,
    errors: () => errors,
    ended,
    until: async (text) => {
      const deadline = performance.now() + readyTimeoutMs;
      while (!output.includes(text)) {
        if (isOver || performance.now() > deadline) throw new Error(`no ${text} in: ${output}${errors}`);
        await new Promise((resolve) => setTimeout(resolve, pollMs));
      }
    },
  };
}
