import { EventOrder } from "../../../../gen/quota/v1/usage_pb.ts";
import type { Filter } from "../components/filter-bar.tsx";
import type { Parameters } from "../routing/routes.ts";
import {
  createdFilters,
  eventOrderFilter,
  given,
  givenInstant,
  metricFilter,
  onlyGiven,
  tenantFilter,
} from "./filters.ts";

export const eventFilters: readonly Filter[] = [tenantFilter, metricFilter, ...createdFilters, eventOrderFilter];

/** What the address asks for, without page and page size. */
export function eventsRequest(parameters: Parameters) {
  return {
    order: parameters["order"] === "oldest" ? EventOrder.OLDEST_FIRST : EventOrder.NEWEST_FIRST,
    ...onlyGiven({
      tenantId: given(parameters, "tenant"),
      metricCode: given(parameters, "metric"),
      createdFrom: givenInstant(parameters, "from"),
      createdBefore: givenInstant(parameters, "before"),
    }),
  };
}

export type EventsRequest = ReturnType<typeof eventsRequest>;
