import {
  SeriesWindow as SeriesWindowMessage,
  UsageRecordOrder as UsageRecordOrderMessage,
} from "../../../gen/quota/v1/admin_service_pb.ts";
import {
  ControlObjectKind as ControlObjectKindMessage,
  ControlOperation as ControlOperationMessage,
} from "../../../gen/quota/v1/control_change_pb.ts";
import {
  EventOrder as EventOrderMessage,
  LimitEnforcement as LimitEnforcementMessage,
  LimitSource as LimitSourceMessage,
  PeriodKind as PeriodKindMessage,
} from "../../../gen/quota/v1/usage_pb.ts";
import type { ControlObjectKind, ControlOperation } from "../../domain/control-change.ts";
import type { LimitEnforcement } from "../../domain/limit-enforcement.ts";
import type { LimitSource } from "../../domain/limit-source.ts";
import type { PeriodKind } from "../../domain/period-kind.ts";
import type { SeriesWindowKind } from "../../domain/series-window.ts";
import type { AdminService } from "../../services/admin/admin-service.ts";
import type { UsageEventListing } from "../../services/usage-event-listing.ts";

export type EventOrder = Parameters<UsageEventListing["list"]>[0]["order"];

export type UsageRecordOrder = Parameters<AdminService["listUsageRecords"]>[0]["order"];

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

export const controlOperationMessages: Readonly<Record<ControlOperation, ControlOperationMessage>> = {
  CREATE: ControlOperationMessage.CREATE,
  UPDATE: ControlOperationMessage.UPDATE,
  DELETE: ControlOperationMessage.DELETE,
  REVOKE: ControlOperationMessage.REVOKE,
};

export const controlObjectKindMessages: Readonly<Record<ControlObjectKind, ControlObjectKindMessage>> = {
  PLAN: ControlObjectKindMessage.PLAN,
  SUBSCRIPTION: ControlObjectKindMessage.SUBSCRIPTION,
  LIMIT_OVERRIDE: ControlObjectKindMessage.LIMIT_OVERRIDE,
  API_KEY: ControlObjectKindMessage.API_KEY,
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

/** What was opened last is what people look for. */
export const usageRecordOrdersByNumber: ReadonlyMap<number, UsageRecordOrder> = new Map([
  [UsageRecordOrderMessage.UNSPECIFIED, "NEWEST_FIRST"],
  [UsageRecordOrderMessage.NEWEST_FIRST, "NEWEST_FIRST"],
  [UsageRecordOrderMessage.OLDEST_FIRST, "OLDEST_FIRST"],
  [UsageRecordOrderMessage.PERIOD_END_LATEST_FIRST, "PERIOD_END_LATEST_FIRST"],
  [UsageRecordOrderMessage.PERIOD_END_EARLIEST_FIRST, "PERIOD_END_EARLIEST_FIRST"],
  [UsageRecordOrderMessage.USAGE_HIGHEST_FIRST, "USAGE_HIGHEST_FIRST"],
  [UsageRecordOrderMessage.USAGE_LOWEST_FIRST, "USAGE_LOWEST_FIRST"],
]);

export const seriesWindowKindsByNumber: ReadonlyMap<number, SeriesWindowKind> = new Map([
  [SeriesWindowMessage.UNSPECIFIED, "DAY"],
  [SeriesWindowMessage.HOUR, "HOUR"],
  [SeriesWindowMessage.DAY, "DAY"],
  [SeriesWindowMessage.WEEK, "WEEK"],
  [SeriesWindowMessage.MONTH, "MONTH"],
]);

/** Unspecified, which is no filter, is left to the reader. */
export const controlObjectKindsByNumber: ReadonlyMap<number, ControlObjectKind> = new Map([
  [ControlObjectKindMessage.PLAN, "PLAN"],
  [ControlObjectKindMessage.SUBSCRIPTION, "SUBSCRIPTION"],
  [ControlObjectKindMessage.LIMIT_OVERRIDE, "LIMIT_OVERRIDE"],
  [ControlObjectKindMessage.API_KEY, "API_KEY"],
]);
