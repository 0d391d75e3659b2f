import type { MessageInitShape } from "@bufbuild/protobuf";
import type { TimestampSchema } from "@bufbuild/protobuf/wkt";
import type { EpochMilliseconds } from "../../domain/instant.ts";

const millisecondsPerSecond = 1_000;
const nanosecondsPerMillisecond = 1_000_000;

/** What a Timestamp is made from; a finished one costs more, and most are only encoded. */
export function timestampInit(instant: EpochMilliseconds): MessageInitShape<typeof TimestampSchema> {
  const seconds = Math.floor(instant / millisecondsPerSecond);
  return {
    seconds: BigInt(seconds),
    nanos: (instant - seconds * millisecondsPerSecond) * nanosecondsPerMillisecond,
  };
}
