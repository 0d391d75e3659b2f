import type { Log } from "../log.ts";
import { CallerBounds, type CallerBoundsOptions } from "./caller-bounds.ts";
import { ConnectionGuard } from "./connection-guard.ts";
import { UnsentAnswers } from "./unsent-answers.ts";

export interface DoorBoundsOptions extends CallerBoundsOptions {
  /** Connections of each door at once. */
  readonly connectionsMax: number;
  /** After this long a connection is told to make place for a new one, so that none outlives a change behind its name. */
  readonly connectionAgeMaxMs: number;
  /** After this long without a call it is closed. */
  readonly connectionIdleMaxMs: number;
}

/** Those of the configuration, for a door that is started without it. */
export const defaultDoorBounds: DoorBoundsOptions = {
  tenant: { callsPerSecondMax: 1_000, callsInFlightMax: 200 },
  other: { callsPerSecondMax: 50_000, callsInFlightMax: 20_000 },
  connectionsMax: 4_096,
  connectionAgeMaxMs: 3_600_000,
  connectionIdleMaxMs: 600_000,
};

/** What callers and their connections may cost, counted for all doors of the process together. */
export class DoorBounds {
  readonly options: DoorBoundsOptions;
  readonly callers: CallerBounds;
  readonly unsent = new UnsentAnswers((connection) => this.connections.close(connection, "unread answers of all"));
  readonly connections: ConnectionGuard;

  constructor(log: Log, options: DoorBoundsOptions = defaultDoorBounds) {
    this.options = options;
    this.callers = new CallerBounds(options);
    this.connections = new ConnectionGuard({ connectionsMax: options.connectionsMax, unsent: this.unsent, log });
  }
}
