import {
  EventOrder as EventOrderMessage,
  LimitEnforcement as LimitEnforcementMessage,
  LimitSource as LimitSourceMessage,
  PeriodKind as PeriodKindMessage,
} from "../../../gen/quota/v1/usage_pb.ts";
import type { LimitEnforcement } from "../../domain/limit-enforcement.ts";
import type { LimitSource } from "../../domain/limit-source.ts";
import type { PeriodKind } from "../../domain/period-kind.ts";
import type { UsageEventListing } from "../../services/usage-event-listing.ts";

export type EventOrder = Parameters<UsageEventListing["list"]>[0]["order"];

/** The domain's words on the wire. Written out, so that neither side can be renamed unseen. */
export const enforcementMessages: Readonly<Record<LimitEnforcement, LimitEnforcementMessage>> = {
  HARD: LimitEnforcementMessage.HARD,
  SOFT: LimitEnforcementMessage.SOFT,
};

export const limitSourceMessages: Readonly<Record<LimitSource, LimitSourceMessage>> = {
  SUBSCRIBED_PLAN: LimitSourceMessage.SUBSCRIBED_PLAN,
  REQUESTED_PLAN: LimitSourceMessage.REQUESTED_PLAN,
  DEFAULT_PLAN: LimitSourceMessage.DEFAULT_PLAN,
  OVERRIDE: LimitSourceMessage.OVERRIDE,
};

export const periodKindMessages: Readonly<Record<PeriodKind, PeriodKindMessage>> = {
  HOUR: PeriodKindMessage.HOUR,
  DAY: PeriodKindMessage.DAY,
  WEEK: PeriodKindMessage.WEEK,
  MONTH: PeriodKindMessage.MONTH,
  YEAR: PeriodKindMessage.YEAR,
  LIFETIME: PeriodKindMessage.LIFETIME,
};

/** The wire's numbers in the domain's words. A number that is missing here is one that no request may hold. */
export const enforcementsByNumber: ReadonlyMap<number, LimitEnforcement> = new Map([
  [LimitEnforcementMessage.HARD, "HARD"],
  [LimitEnforcementMessage.SOFT, "SOFT"],
]);

/** A plan that says nothing counts by the month. */
export const periodKindsByNumber: ReadonlyMap<number, PeriodKind> = new Map([
  [PeriodKindMessage.UNSPECIFIED, "MONTH"],
  [PeriodKindMessage.HOUR, "HOUR"],
  [PeriodKindMessage.DAY, "DAY"],
  [PeriodKindMessage.WEEK, "WEEK"],
  [PeriodKindMessage.MONTH, "MONTH"],
  [PeriodKindMessage.YEAR, "YEAR"],
  [PeriodKindMessage.LIFETIME, "LIFETIME"],
]);

/** People look at what happened last. */
export const eventOrdersByNumber: ReadonlyMap<number, EventOrder> = new Map([
  [EventOrderMessage.UNSPECIFIED, "NEWEST_FIRST"],
  [EventOrderMessage.NEWEST_FIRST, "NEWEST_FIRST"],
  [EventOrderMessage.OLDEST_FIRST, "OLDEST_FIRST"],
]);
