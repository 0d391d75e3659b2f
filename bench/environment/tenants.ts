import { create, type DescMessage, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import {
  CheckQuotaRequestSchema,
  GetStatusRequestSchema,
  ListEventsRequestSchema,
  QuotaService,
  RecordUsageRequestSchema,
} from "../../gen/quota/v1/quota_service_pb.ts";
import { keyPlaceholder, type LoadJob } from "../load/load-job.ts";

export const tenantCount = 1_000;
export const metricCode = "api_calls";
/** What a tenant's plan limits; GetStatus answers all of them. */
export const metricCodes = [metricCode, "exports", "searches", "tracked_products"] as const;
export const planCode = "bench";

/** Of the tenant whose counter is the hot one. */
export const hotTenant = 1;

/** 100 bytes as JSON. */
export const metadata = {
  source: "gateway-eu-1",
  path: "/v1/products",
  request: "01HZX3T5V9QK",
  agent: "sdk-node/4.2.0-rc",
};

const metadataBytes = Buffer.byteLength(JSON.stringify(metadata));
if (metadataBytes !== 100) throw new Error(`the metadata has ${metadataBytes} bytes instead of 100`);

/** @param number 1 … tenantCount */
export function tenantId(number: number): string {
  return `00000000-0000-4000-8000-${number.toString(16).padStart(12, "0")}`;
}

const allTenants = Array.from({ length: tenantCount }, (_, index) => index + 1);

export type TenantSpread = "even" | "zipf" | "hot";

export type Requests = Pick<LoadJob, "path" | "messages" | "spread">;

/** RecordUsage of one unit, with 100 bytes of metadata and an idempotency key that the generator fills in. */
export function recordUsageRequests(spread: TenantSpread): Requests {
  return requests("RecordUsage", RecordUsageRequestSchema, spread, (tenant) => ({
    tenantId: tenantId(tenant),
    metricCode,
    amount: 1n,
    metadata,
    idempotencyKey: keyPlaceholder,
  }));
}

export function checkQuotaRequests(spread: TenantSpread): Requests {
  return requests("CheckQuota", CheckQuotaRequestSchema, spread, (tenant) => ({
    tenantId: tenantId(tenant),
    metricCode,
    amount: 1n,
  }));
}

export function getStatusRequests(spread: TenantSpread): Requests {
  return requests("GetStatus", GetStatusRequestSchema, spread, (tenant) => ({ tenantId: tenantId(tenant) }));
}

export interface PageQuestion {
  readonly tenantId: string;
  readonly metricCode?: string;
  /** One page each. */
  readonly pageTokens: readonly string[];
}

export function listEventsRequests({ pageTokens, ...filter }: PageQuestion): Requests {
  return {
    path: pathOf("ListEvents"),
    messages: pageTokens.map((pageToken) => encode(ListEventsRequestSchema, { ...filter, pageToken })),
    spread: "even",
  };
}

function requests<D extends DescMessage>(
  rpc: string,
  schema: D,
  spread: TenantSpread,
  requestOf: (tenant: number) => MessageInitShape<D>,
): Requests {
  const tenants = spread === "hot" ? [hotTenant] : allTenants;
  return {
    path: pathOf(rpc),
    messages: tenants.map((tenant) => encode(schema, requestOf(tenant))),
    spread: spread === "zipf" ? "zipf" : "even",
  };
}

function pathOf(rpc: string): string {
  return `/${QuotaService.typeName}/${rpc}`;
}

function encode<D extends DescMessage>(schema: D, request: MessageInitShape<D>): string {
  return Buffer.from(toBinary(schema, create(schema, request))).toString("base64");
}
