import type { Server } from "@grpc/grpc-js";
import type { ActiveCalls } from "../active-calls.ts";
import { addressText, type ListenAddress } from "../listen-error.ts";
import { settledWithin } from "../settled-within.ts";
import type { Health } from "./health.ts";

export interface RunningServer {
  readonly server: Server;
  readonly address: ListenAddress;
  readonly calls: ActiveCalls;
  readonly health: Health;
}

/**
 * Stops a server in two steps, within the deadline together. While calls are in flight it still answers new ones, with
 * DRAINING, which tells clients more than a refused connection; then connections are closed, those with streams left at
 * the deadline by force.
 */
export async function drainServer(running: RunningServer, deadlineMs: number): Promise<void> {
  const { server, address, calls, health } = running;
  const endsAt = performance.now() + deadlineMs;
  health.stop();
  await settledWithin(calls.drain(), deadlineMs);
  const remainingMs = Math.max(endsAt - performance.now(), 0);
  // In this order: drain() forgets the sessions that tryShutdown() has told to close. And not forceShutdown() in its
  // place: without channelz grpc-js keeps no list of sessions for it, and it would leave them all open.
  server.drain(addressText(address), remainingMs);
  const closed = new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
  await settledWithin(closed, remainingMs + closingGraceMs);
}

/** For sockets to report that they are closed, after they were told to. */
const closingGraceMs = 1_000;
