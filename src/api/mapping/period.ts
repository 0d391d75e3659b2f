import type { MessageInitShape } from "@bufbuild/protobuf";
import type { TimestampSchema } from "@bufbuild/protobuf/wkt";
import type { PeriodKind as PeriodKindMessage } from "../../../gen/quota/v1/usage_pb.ts";
import type { EpochMilliseconds } from "../../domain/instant.ts";
import type { PeriodKind } from "../../domain/period-kind.ts";
import { periodKindMessages } from "./enums.ts";
import { timestampInit } from "./timestamp.ts";

export interface PeriodFields {
  readonly periodKind: PeriodKindMessage;
  readonly periodStart: MessageInitShape<typeof TimestampSchema> | undefined;
  readonly periodEnd: MessageInitShape<typeof TimestampSchema> | undefined;
}

/** LIFETIME is stored with a start and an end because indexes compare them; on the wire it has neither. */
export function periodFields(period: {
  readonly periodKind: PeriodKind;
  readonly periodStart: EpochMilliseconds;
  readonly periodEnd: EpochMilliseconds;
}): PeriodFields {
  const { periodKind, periodStart, periodEnd } = period;
  const isEndless = periodKind === "LIFETIME";
  return {
    periodKind: periodKindMessages[periodKind],
    periodStart: isEndless ? undefined : timestampInit(periodStart),
    periodEnd: isEndless ? undefined : timestampInit(periodEnd),
  };
}
