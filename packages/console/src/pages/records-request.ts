import { UsageRecordOrder } from "../../../../gen/quota/v1/admin_service_pb.ts";
import type { Filter } from "../components/filter-bar.tsx";
import { pageSizeOf } from "../components/pager.tsx";
import type { Parameters } from "../routing/routes.ts";
import { createdFilters, given, givenInstant, metricFilter, onlyGiven, tenantFilter } from "./filters.ts";

/** The orders of the contract, by their names in the address. */
export const recordOrders: Readonly<Record<string, UsageRecordOrder>> = {
  newest: UsageRecordOrder.NEWEST_FIRST,
  oldest: UsageRecordOrder.OLDEST_FIRST,
  "period-end-latest": UsageRecordOrder.PERIOD_END_LATEST_FIRST,
  "period-end-earliest": UsageRecordOrder.PERIOD_END_EARLIEST_FIRST,
  "usage-highest": UsageRecordOrder.USAGE_HIGHEST_FIRST,
  "usage-lowest": UsageRecordOrder.USAGE_LOWEST_FIRST,
};
export const recordOrderDefault = "newest";

export const recordFilters: readonly Filter[] = [
  tenantFilter,
  metricFilter,
  { kind: "instant", name: "ends-from", label: "Period ends from" },
  { kind: "instant", name: "ends-before", label: "Period ends before" },
  ...createdFilters,
];

/** What the address asks for. */
export function recordsRequest(parameters: Parameters) {
  return {
    order: recordOrders[parameters["order"] ?? recordOrderDefault] ?? UsageRecordOrder.NEWEST_FIRST,
    pageSize: pageSizeOf(parameters),
    pageToken: parameters["page"] ?? "",
    ...onlyGiven({
      tenantId: given(parameters, "tenant"),
      metricCode: given(parameters, "metric"),
      periodEndFrom: givenInstant(parameters, "ends-from"),
      periodEndBefore: givenInstant(parameters, "ends-before"),
      createdFrom: givenInstant(parameters, "from"),
      createdBefore: givenInstant(parameters, "before"),
    }),
  };
}
