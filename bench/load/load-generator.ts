import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { LoadJob, LoadReport, LoadResult } from "./load-job.ts";

/** Called when the measured window opens and closes, to read what is counted elsewhere at these very moments. */
export interface WindowListener {
  opened(): void;
  closed(): void;
}

/** The generator in a process of its own, so that its work is told apart from the servers'. */
export class LoadGenerator {
  readonly #worker: ChildProcess;

  constructor() {
    this.#worker = fork(join(import.meta.dirname, "worker.ts"), { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  }

  /** @throws Error when a connection fails */
  async run(job: LoadJob, listener?: WindowListener): Promise<LoadResult> {
    const worker = this.#worker;
    return await new Promise((resolve, reject) => {
      const onEnd = (): void => settle(() => reject(new Error("the load generator ended")));
      const onReport = (report: LoadReport): void => {
        if (report.kind === "window-opened") listener?.opened();
        else if (report.kind === "window-closed") listener?.closed();
        else if (report.kind === "done") settle(() => resolve(report.result));
        else settle(() => reject(new Error(`the load generator failed: ${report.reason}`)));
      };
      function settle(end: () => void): void {
        worker.off("message", onReport);
        worker.off("exit", onEnd);
        end();
      }
      worker.on("message", onReport);
      worker.once("exit", onEnd);
      worker.send(job);
    });
  }

  async stop(): Promise<void> {
    if (this.#worker.exitCode !== null || this.#worker.signalCode !== null) return;
    const ended = once(this.#worker, "exit");
    this.#worker.disconnect();
    await ended;
  }
}
