import { type ChildProcess, spawn } from "node:child_process";
import type { FileHandle } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import type { PostgresBinaries } from "./binaries.ts";
import { readPostmasterFile } from "./orphan.ts";
import type { RunAs } from "./run-as.ts";
import { programEnvironment } from "./run-command.ts";

/** A fast shutdown writes all changed pages out; on a slow disk that takes its time. */
const fastShutdownMs = 30_000;
/** An immediate shutdown writes nothing; the next start recovers from the write-ahead log. */
const immediateShutdownMs = 10_000;
const pollMs = 5;

/** A PostgreSQL server that is a child of this process. */
export class ServerProcess {
  readonly #child: ChildProcess;
  readonly #exited: Promise<string>;
  #ending: string | undefined;

  /**
   * Starts the server in a session of its own: a Ctrl-C in the terminal goes to every process of the foreground group
   * and would end PostgreSQL while the service still drains. Only `stop()` ends it, and the end of this process as far
   * as Node sees it coming (an uncaught error, process.exit); after a SIGKILL the next start finds it.
   */
  constructor(binaries: PostgresBinaries, runAs: RunAs, serverArguments: readonly string[], log: FileHandle) {
    const [file = "", ...args] = [...runAs.prefix, binaries.postgres, ...serverArguments];
    const child = spawn(file, args, {
      ...runAs.identity,
      env: programEnvironment,
      detached: true,
      stdio: ["ignore", log.fd, log.fd],
    });
    const endWithUs = (): void => {
      child.kill("SIGINT");
    };
    this.#child = child;
    this.#exited = new Promise((resolve) => {
      const end = (ending: string): void => {
        process.off("exit", endWithUs);
        this.#ending = ending;
        resolve(ending);
      };
      child.once("error", (error) => end(error.message));
      child.once("exit", (code, signal) => end(signal === null ? `exit code ${code}` : `ended by ${signal}`));
    });
    process.once("exit", endWithUs);
    // The server alone is no reason for the service's process to live on.
    child.unref();
  }

  /** Settles when the server has ended, for whatever reason, and says how. */
  get exited(): Promise<string> {
    return this.#exited;
  }

  /** Whether the server accepts connections; false when it ended, or did not come so far in time. */
  async becomesReady(cluster: string, timeoutMs: number): Promise<boolean> {
    const deadline = performance.now() + timeoutMs;
    while (this.#ending === undefined && performance.now() < deadline) {
      const recorded = await readPostmasterFile(cluster);
      if (recorded?.processId === this.#child.pid && recorded?.state === "ready") {
        return true;
      }
      await delay(pollMs);
    }
    return false;
  }

  /**
   * A fast shutdown: open transactions are rolled back, committed ones are on the disk. Each harder way follows when
   * the one before does not end the server in time; none loses what was committed. Calling it again is harmless.
   */
  async stop(): Promise<void> {
    this.#child.ref();
    if (!(await this.#endsBy("SIGINT", fastShutdownMs)) && !(await this.#endsBy("SIGQUIT", immediateShutdownMs))) {
      this.#child.kill("SIGKILL");
      await this.#exited;
    }
  }

  async #endsBy(signal: NodeJS.Signals, timeoutMs: number): Promise<boolean> {
    if (this.#ending === undefined) {
      this.#child.kill(signal);
    }
    const timeout = new AbortController();
    const inTime = this.#exited.then(() => true);
    const late = delay(timeoutMs, false, { signal: timeout.signal }).catch(() => false);
    const ended = await Promise.race([inTime, late]);
    timeout.abort();
    return ended;
  }
}
