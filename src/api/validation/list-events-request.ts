import type { ListEventsRequest } from "../../../gen/quota/v1/quota_service_pb.ts";
import { EventOrderSchema } from "../../../gen/quota/v1/usage_pb.ts";
import type { PagePosition } from "../../services/page.ts";
import type { UsageEventListing } from "../../services/usage-event-listing.ts";
import { eventOrdersByNumber } from "../mapping/enums.ts";
import { readOptionalCode, readTenantId } from "./common-fields.ts";
import { readEnum } from "./enum-fields.ts";
import { FieldViolations } from "./field-violations.ts";
import { isBefore, readRangeBound } from "./instants.ts";
import { readPageRequest } from "./page-request.ts";

type EventFilter = Parameters<UsageEventListing["list"]>[0];

/** @throws InvalidRequestError naming every bad field */
export function eventQuestionOf(request: ListEventsRequest): { filter: EventFilter; page: PagePosition } {
  const violations = new FieldViolations();
  const tenantId = readTenantId(violations, "tenant_id", request.tenantId);
  const metricCode = readOptionalCode(violations, "metric_code", request.metricCode);
  const createdFrom = readRangeBound(violations, "created_from", request.createdFrom);
  const createdBefore = readRangeBound(violations, "created_before", request.createdBefore);
  if (createdFrom !== undefined && createdBefore !== undefined) checkRange(violations, request);
  const order = readEnum(violations, "order", EventOrderSchema, eventOrdersByNumber, request.order);
  const page = readPageRequest(violations, request);
  violations.throwIfAny();
  const filter = {
    tenantId,
    ...(metricCode === undefined ? {} : { metricCode }),
    ...(createdFrom === undefined ? {} : { createdFrom }),
    ...(createdBefore === undefined ? {} : { createdBefore }),
    order: order ?? "NEWEST_FIRST",
  };
  return { filter, page };
}

/** An empty range is a mistake of the caller, whose empty list would look like an answer. */
function checkRange(violations: FieldViolations, { createdFrom, createdBefore }: ListEventsRequest): void {
  if (createdFrom === undefined || createdBefore === undefined || isBefore(createdFrom, createdBefore)) return;
  violations.add("created_before", "is not later than created_from, so that no event could match");
}
