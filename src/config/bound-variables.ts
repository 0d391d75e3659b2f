import { integerVariable } from "./config-variable.ts";

/** More calls a second than one process answers: by default a service of one's own is not held back. */
const callerRateDefault = 50_000;
/** What the queue of waiting calls holds. */
const callerConcurrencyDefault = 20_000;
/** A tenant's own program asks before it acts; a thousand times a second is a loop that has lost its end. */
const tenantRateDefault = 1_000;
const tenantConcurrencyDefault = 200;
const callsRange = { min: 1, max: 1_000_000 };

const connectionsDefault = 4_096;
const connectionsRange = { min: 2, max: 65_535 };

const connectionAgeDefaultMs = 3_600_000;
const connectionIdleDefaultMs = 600_000;
const connectionTimeRangeMs = { min: 1_000, max: 86_400_000 };

export const callerRateMax = integerVariable(
  "CALLER_RATE_MAX",
  "Calls a second of one credential, or of everybody together with `AUTH=none`, before they are refused with `CALLER_THROTTLED`. Counted by each process.",
  callerRateDefault,
  callsRange,
);

export const callerConcurrencyMax = integerVariable(
  "CALLER_CONCURRENCY_MAX",
  "Calls in flight of one credential. Counted by each process.",
  callerConcurrencyDefault,
  callsRange,
);

export const tenantRateMax = integerVariable(
  "TENANT_RATE_MAX",
  "As `CALLER_RATE_MAX`, for a credential of the role `TENANT`.",
  tenantRateDefault,
  callsRange,
);

export const tenantConcurrencyMax = integerVariable(
  "TENANT_CONCURRENCY_MAX",
  "As `CALLER_CONCURRENCY_MAX`, for a credential of the role `TENANT`.",
  tenantConcurrencyDefault,
  callsRange,
);

export const connectionsMax = integerVariable(
  "CONNECTIONS_MAX",
  "Connections at once to each of the two servers, of which one network has half at most. More are closed as they come.",
  connectionsDefault,
  connectionsRange,
);

export const connectionAgeMaxMs = integerVariable(
  "CONNECTION_AGE_MAX_MS",
  "Milliseconds after which a gRPC connection is told to make place for a new one; its calls have a minute to end.",
  connectionAgeDefaultMs,
  connectionTimeRangeMs,
);

export const connectionIdleMaxMs = integerVariable(
  "CONNECTION_IDLE_MAX_MS",
  "Milliseconds without a call after which a gRPC connection is closed.",
  connectionIdleDefaultMs,
  connectionTimeRangeMs,
);

/** In the order of the README's table. */
export const boundVariables = [
  callerRateMax,
  callerConcurrencyMax,
  tenantRateMax,
  tenantConcurrencyMax,
  connectionsMax,
  connectionAgeMaxMs,
  connectionIdleMaxMs,
];
