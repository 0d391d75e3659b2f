import type { NearLimitPosition } from "../../repositories/admin/near-limit-listing.ts";
import type { RefusalPosition } from "../../repositories/admin/refusal-listing.ts";
import type { EventPosition } from "../../repositories/admin/tenants-event-listing.ts";
import type { UsageRecordPosition } from "../../repositories/admin/usage-record-listing.ts";

/**
 * Positions as the texts that page tokens carry. None of their parts can hold a space. What is read was written here: the
 * token is sealed.
 */

export function recordCursor({ sortedBy, tenantId, id }: UsageRecordPosition): string {
  return `${sortedBy} ${tenantId} ${id}`;
}

export function readRecordCursor(cursor: string | undefined): UsageRecordPosition | undefined {
  if (cursor === undefined) return undefined;
  const [sortedBy = "", tenantId = "", id = ""] = cursor.split(" ");
  return { sortedBy: BigInt(sortedBy), tenantId, id };
}

export function eventCursor({ id, tenantId }: EventPosition): string {
  return `${id} ${tenantId}`;
}

export function readEventCursor(cursor: string | undefined): EventPosition | undefined {
  if (cursor === undefined) return undefined;
  const [id = "", tenantId = ""] = cursor.split(" ");
  return { id, tenantId };
}

export function refusalCursor({ hour, tenantId, metricCode }: RefusalPosition): string {
  return `${hour} ${tenantId} ${metricCode}`;
}

export function readRefusalCursor(cursor: string | undefined): RefusalPosition | undefined {
  if (cursor === undefined) return undefined;
  const [hour = "", tenantId = "", metricCode = ""] = cursor.split(" ");
  return { hour: Number(hour), tenantId, metricCode };
}

/** JavaScript writes a number so that it reads back as the same one. */
export function nearLimitCursor({ share, tenantId, metricCode }: NearLimitPosition): string {
  return `${share} ${tenantId} ${metricCode}`;
}

export function readNearLimitCursor(cursor: string | undefined): NearLimitPosition | undefined {
  if (cursor === undefined) return undefined;
  const [share = "", tenantId = "", metricCode = ""] = cursor.split(" ");
  return { share: Number(share), tenantId, metricCode };
}
