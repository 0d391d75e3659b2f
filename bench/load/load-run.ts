import { setTimeout as delay } from "node:timers/promises";
import { GrpcJsConnection } from "./grpc-js-connection.ts";
import { Http2Connection } from "./http2-connection.ts";
import { LatencyRecord } from "./latency-record.ts";
import type { LoadConnection } from "./load-connection.ts";
import type { LoadJob, LoadResult } from "./load-job.ts";
import { Random } from "./random.ts";
import { RequestSource } from "./request-source.ts";

/** As many as a client library would open for so many calls; servers allow 1,024 streams each. */
const callsPerConnection = 64;
const connectionsMax = 8;
const streamsPerConnectionMax = 1_000;

const drainTimeoutMs = 15_000;

/** Arrivals are looked up so often. A shorter pause would spend the measured machine's CPU on waking up. */
const arrivalTickMs = 1;

export interface LoadWindow {
  opened(): void;
  closed(): void;
}

/** One job: warm up, measure, finish what is in flight. */
export class LoadRun {
  readonly #job: LoadJob;
  readonly #source: RequestSource;
  readonly #latency = new LatencyRecord();
  /** When each call began; of a closed loop's callers the latest call. */
  readonly #begunAt: number[] = [];
  #connections: readonly LoadConnection[] = [];
  #isOver = false;
  #windowFrom = Number.POSITIVE_INFINITY;
  #windowTo = Number.POSITIVE_INFINITY;
  #answered = 0;
  #acknowledged = 0;
  #failed = 0;

  constructor(job: LoadJob) {
    this.#job = job;
    this.#source = new RequestSource(job);
  }

  /** @throws Error when a connection fails, or calls are left unanswered */
  async run(window: LoadWindow): Promise<LoadResult> {
    const { pace, warmUpMs, measureMs } = this.#job;
    const connectionCount = pace.kind === "open" ? connectionsMax / 2 : connectionsFor(pace.inFlight);
    this.#connections = await this.#connect(connectionCount);
    try {
      if (pace.kind === "closed") this.#beginAll(pace.inFlight);
      const arrivals = pace.kind === "open" ? this.#arrive(pace.perSecond) : undefined;
      await delay(warmUpMs);
      const cpuAtOpen = process.cpuUsage();
      this.#windowFrom = performance.now();
      window.opened();
      await delay(measureMs);
      this.#windowTo = performance.now();
      const cpu = process.cpuUsage(cpuAtOpen);
      window.closed();
      this.#isOver = true;
      await arrivals;
      await this.#drain();
      return {
        answered: this.#answered,
        failed: this.#failed,
        acknowledged: this.#acknowledged,
        seconds: (this.#windowTo - this.#windowFrom) / 1_000,
        latency: this.#latency.summary(),
        generatorCpuMs: (cpu.user + cpu.system) / 1_000,
      };
    } finally {
      for (const connection of this.#connections) connection.close();
    }
  }

  async #connect(count: number): Promise<LoadConnection[]> {
    const { addresses, path, client } = this.#job;
    const connections: LoadConnection[] = [];
    for (let index = 0; index < count; index += 1) {
      const address = addresses[index % addresses.length];
      if (address === undefined) throw new Error("a job needs an address");
      const onAnswer = (call: number, isOk: boolean) => this.#ended(index, call, isOk);
      connections.push(
        client === "grpc-js"
          ? new GrpcJsConnection(address, path, onAnswer)
          : await Http2Connection.open(address, path, onAnswer),
      );
    }
    return connections;
  }

  #beginAll(inFlight: number): void {
    for (let call = 0; call < inFlight; call += 1) {
      this.#begunAt.push(performance.now());
      this.#connections[call % this.#connections.length]?.send(call, this.#source.next());
    }
    for (const connection of this.#connections) connection.flush();
  }

  #ended(connectionIndex: number, call: number, isOk: boolean): void {
    const now = performance.now();
    const begunAt = this.#begunAt[call] ?? now;
    if (isOk) this.#acknowledged += 1;
    else this.#failed += 1;
    if (isOk && now >= this.#windowFrom && now < this.#windowTo) this.#answered += 1;
    if (this.#isMeasured(begunAt, now)) this.#latency.add(now - begunAt);
    if (this.#isOver || this.#job.pace.kind === "open") return;
    const connection = this.#connections[connectionIndex];
    if (connection === undefined || connection.failure !== undefined) return;
    this.#begunAt[call] = now;
    connection.send(call, this.#source.next());
  }

  /** A closed loop's calls by their end, and an open one's by when they were to begin: none may be left out there. */
  #isMeasured(begunAt: number, endedAt: number): boolean {
    const decisive = this.#job.pace.kind === "open" ? begunAt : endedAt;
    return decisive >= this.#windowFrom && decisive < this.#windowTo;
  }

  async #arrive(perSecond: number): Promise<void> {
    const random = new Random(Buffer.from("the same arrival"));
    let due = performance.now();
    while (!this.#isOver) {
      const now = performance.now();
      for (let room = this.#room(); due <= now && room !== undefined; room = this.#room()) {
        this.#begunAt.push(due);
        room.send(this.#begunAt.length - 1, this.#source.next());
        due += (-Math.log(1 - random.nextFraction()) / perSecond) * 1_000;
      }
      for (const connection of this.#connections) connection.flush();
      await delay(arrivalTickMs);
    }
  }

  /** The connection with the fewest calls; undefined when all have as many as they may. */
  #room(): LoadConnection | undefined {
    const emptiest = this.#connections.reduce((a, b) => (b.openCalls < a.openCalls ? b : a));
    return emptiest.openCalls < streamsPerConnectionMax ? emptiest : undefined;
  }

  async #drain(): Promise<void> {
    const deadline = performance.now() + drainTimeoutMs;
    while (this.#connections.some((connection) => connection.openCalls > 0)) {
      if (performance.now() > deadline)
        throw new Error(`calls were unanswered ${drainTimeoutMs} ms after the last one`);
      await delay(1);
    }
    const broken = this.#connections.find((connection) => connection.failure !== undefined);
    if (broken?.failure !== undefined) throw broken.failure;
  }
}

function connectionsFor(inFlight: number): number {
  if (inFlight === 1) return 1;
  return Math.min(connectionsMax, Math.max(2, Math.ceil(inFlight / callsPerConnection)));
}
