import type { MessageInitShape } from "@bufbuild/protobuf";
import type { TenantUsageSchema } from "../../../gen/quota/v1/admin_service_pb.ts";
import { percentUsed, type TenantUsage } from "../../domain/tenant-usage.ts";
import { quotaStatusMessage } from "./quota-status.ts";

export function tenantUsageMessage({ tenantId, status }: TenantUsage): MessageInitShape<typeof TenantUsageSchema> {
  return { tenantId, status: quotaStatusMessage(status), percentUsed: percentUsed(status) };
}
