import type { Bench } from "../bench.ts";
import { cpuMsOf, cpuMsOfFamily, machineTimes, residentBytesOf } from "./processes.ts";
import { localPortsOf } from "./sockets.ts";
import { flushesBetween, type LogReading, readLog } from "./write-ahead-log.ts";

interface Reading {
  readonly at: number;
  readonly serverMs: number;
  readonly postgresMs: number;
  readonly busyMs: number;
  readonly stolenMs: number;
  readonly benchMs: number;
  /** Asked for in time, answered a little later. */
  readonly log: Promise<LogReading>;
}

/** What was spent between two moments, by whom. */
export interface Costs {
  readonly seconds: number;
  readonly serverMs: number;
  readonly postgresMs: number;
  /** Of everybody but the bench, its servers and the hypervisor: generator and strangers. */
  readonly restMs: number;
  readonly stolenMs: number;
  readonly logFlushes: number;
  readonly logBytes: number;
  readonly residentBytes: number;
}

/** Reads the counters of Linux and PostgreSQL when a measured window opens and when it closes. */
export class CostMeter {
  readonly #bench: Bench;
  readonly #serverIds: readonly number[];
  #first: Reading | undefined;
  #last: Reading | undefined;

  constructor(bench: Bench, serverIds: readonly number[]) {
    this.#bench = bench;
    this.#serverIds = serverIds;
  }

  opened(): void {
    this.#first = this.#read();
  }

  closed(): void {
    this.#last = this.#read();
  }

  /** On the clock of `performance.now`. */
  get window(): { readonly from: number; readonly to: number } {
    const { first, last } = this.#readings();
    return { from: first.at, to: last.at };
  }

  async costs(): Promise<Costs> {
    const { first, last } = this.#readings();
    const ownPorts = new Set(this.#serverIds.flatMap((id) => [...localPortsOf(id)]));
    const [firstLog, lastLog] = await Promise.all([first.log, last.log]);
    const serverMs = last.serverMs - first.serverMs;
    const postgresMs = last.postgresMs - first.postgresMs;
    return {
      seconds: (last.at - first.at) / 1_000,
      serverMs,
      postgresMs,
      restMs: last.busyMs - first.busyMs - serverMs - postgresMs - (last.benchMs - first.benchMs),
      stolenMs: last.stolenMs - first.stolenMs,
      logFlushes: flushesBetween(firstLog, lastLog, ownPorts),
      logBytes: lastLog.bytes - firstLog.bytes,
      residentBytes: Math.max(0, ...this.#serverIds.map(residentBytesOf)),
    };
  }

  #readings(): { readonly first: Reading; readonly last: Reading } {
    const [first, last] = [this.#first, this.#last];
    if (first === undefined || last === undefined) throw new Error("the measured window was never opened or closed");
    return { first, last };
  }

  #read(): Reading {
    const { busyMs, stolenMs } = machineTimes();
    return {
      at: performance.now(),
      serverMs: this.#serverIds.reduce((sum, id) => sum + cpuMsOf(id), 0),
      postgresMs: cpuMsOfFamily(this.#bench.postgres.postmasterId),
      busyMs,
      stolenMs,
      benchMs: cpuMsOf(process.pid),
      log: readLog(this.#bench.postgres),
    };
  }
}
