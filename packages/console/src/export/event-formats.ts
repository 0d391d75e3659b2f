import { toJson } from "@bufbuild/protobuf";
import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import {
  LimitEnforcementSchema,
  LimitSourceSchema,
  PeriodKindSchema,
  type UsageEvent,
  UsageEventSchema,
} from "../../../../gen/quota/v1/usage_pb.ts";
import { contractName } from "../format/names.ts";
import { csvByteOrderMark, csvLine } from "./csv.ts";

/** A file format of exported events. */
export interface EventFormat {
  readonly name: string;
  readonly extension: string;
  readonly mediaType: string;
  readonly meaning: string;
  /** What stands before the first event. */
  readonly head: string;
  /** One event with the end of its line. */
  line(event: UsageEvent): string;
}

/** Instants in UTC, numbers in digits, values by the contract's names: a file is read by programs in other places. */
const columns: readonly (readonly [name: string, cell: (event: UsageEvent) => string])[] = [
  ["id", ({ id }) => id],
  ["created_at", ({ createdAt }) => rfc3339(createdAt)],
  ["tenant_id", ({ tenantId }) => tenantId],
  ["metric_code", ({ metricCode }) => metricCode],
  ["amount", ({ amount }) => String(amount)],
  ["usage_after", ({ usageAfter }) => String(usageAfter)],
  ["limit", ({ limit }) => (limit === undefined ? "" : String(limit))],
  ["enforcement", ({ enforcement }) => contractName(LimitEnforcementSchema, enforcement)],
  ["limit_source", ({ limitSource }) => contractName(LimitSourceSchema, limitSource)],
  ["plan_code", ({ planCode }) => planCode],
  ["requested_plan_code", ({ requestedPlanCode }) => requestedPlanCode ?? ""],
  ["period_kind", ({ periodKind }) => contractName(PeriodKindSchema, periodKind)],
  ["period_start", ({ periodStart }) => rfc3339(periodStart)],
  ["period_end", ({ periodEnd }) => rfc3339(periodEnd)],
  ["sequence", ({ sequence }) => String(sequence)],
  ["idempotency_key", ({ idempotencyKey }) => idempotencyKey ?? ""],
  ["metadata", ({ metadata }) => JSON.stringify(metadata ?? {})],
];

function rfc3339(timestamp: Timestamp | undefined): string {
  return timestamp === undefined ? "" : timestampDate(timestamp).toISOString();
}

export const csvFormat: EventFormat = {
  name: "CSV",
  extension: "csv",
  mediaType: "text/csv",
  meaning: "for spreadsheets; one line an event, metadata as JSON in its last column",
  head: csvByteOrderMark + csvLine(columns.map(([name]) => name)),
  line: (event) => csvLine(columns.map(([, cell]) => cell(event))),
};

export const ndjsonFormat: EventFormat = {
  name: "NDJSON",
  extension: "ndjson",
  mediaType: "application/x-ndjson",
  meaning: "for programs; one JSON object a line, in the form in which the service's JSON door sends an event",
  head: "",
  line: (event) => `${JSON.stringify(toJson(UsageEventSchema, event))}\n`,
};

export const eventFormats: readonly EventFormat[] = [csvFormat, ndjsonFormat];
