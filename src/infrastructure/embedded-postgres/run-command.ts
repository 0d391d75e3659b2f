import { spawn } from "node:child_process";

/**
 * The whole environment of every PostgreSQL program: nothing of the service's own, so that a PGOPTIONS, a PGDATA or a
 * locale of the shell changes nothing and no secret of the service shows in another user's process. macOS needs LC_ALL:
 * without it the server becomes multithreaded during its start and gives up.
 */
export const programEnvironment = { LC_ALL: "C", TZ: "UTC", PATH: "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin" };

/** What a command left behind. A command that could not be started has no exit code and says why in `stderr`. */
export interface CommandResult {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** As whom a command runs; empty for the user of this process. */
export interface CommandIdentity {
  readonly uid?: number;
  readonly gid?: number;
}

/**
 * Runs a short command to its end and never rejects.
 *
 * It runs in a session of its own, so a Ctrl-C in the terminal reaches the service alone, which then decides.
 */
export function runCommand(command: readonly string[], identity: CommandIdentity = {}): Promise<CommandResult> {
  const [file = "", ...args] = command;
  return new Promise<CommandResult>((resolve) => {
    const child = spawn(file, args, {
      ...identity,
      env: programEnvironment,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
    child.once("error", (error) => resolve({ exitCode: undefined, stdout: "", stderr: error.message }));
    child.once("close", (code, signal) => {
      const ending = signal === null ? "" : `\n${file} was ended by ${signal}`;
      resolve({
        exitCode: code ?? undefined,
        stdout: Buffer.concat(stdout).toString(),
        stderr: Buffer.concat(stderr).toString() + ending,
      });
    });
    // spawn throws some errors instead of emitting them, EPERM and EINVAL for a user that cannot be switched to.
  }).catch((error: unknown) => ({ exitCode: undefined, stdout: "", stderr: String(error) }));
}
