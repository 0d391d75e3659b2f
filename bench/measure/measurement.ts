import type { Latency } from "../load/load-job.ts";

/** What one run of one arm showed. CPU shares are of one core. */
export interface Measurement {
  readonly perSecond: number;
  /** Absent where the load generator tells the mean alone. */
  readonly latency?: Latency;
  readonly meanLatencyMs?: number;
  /** User and system time of the server processes for one answer, in microseconds. */
  readonly serverCpuUs: number;
  readonly postgresCpuUs: number;
  readonly generatorCpuShare: number;
  /** Of everything on the machine that is no part of the measurement; what the hypervisor took is in it. */
  readonly otherCpuShare: number;
  readonly logFlushesPerThousand: number;
  readonly logBytesPerAnswer: number;
  /** Growth of the events' table with its indexes; absent where no event is written. */
  readonly diskBytesPerEvent?: number;
  /** Of the largest server process, at the end. */
  readonly residentBytes: number;
}
