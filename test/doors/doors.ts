import { ApiKeyService } from "../../gen/quota/v1/api_key_service_pb.ts";
import { PlanService } from "../../gen/quota/v1/plan_service_pb.ts";
import { QuotaService } from "../../gen/quota/v1/quota_service_pb.ts";
import { SubscriptionService } from "../../gen/quota/v1/subscription_service_pb.ts";
import type { Door } from "../rules/error-lines.ts";
import { GrpcConnection, type Refusal } from "../support/grpc-client.ts";
import { HttpConnection, httpForms } from "../support/http-connection.ts";

export const doorNames = ["gRPC", ...httpForms] as const;

export type DoorName = (typeof doorNames)[number];

export type Connection = GrpcConnection | HttpConnection;

export interface Addresses {
  /** host:port of the gRPC door. */
  readonly address: string;
  readonly httpUrl: string;
}

export function connectTo({ address, httpUrl }: Addresses, name: DoorName): Connection {
  return name === "gRPC" ? new GrpcConnection(address) : new HttpConnection(httpUrl, name);
}

/** A door with every service, and not those alone that the table of errors is walked with. */
export type WholeDoor = Door & { readonly connection: Connection };

export function doorOf(connection: Connection): WholeDoor {
  return {
    connection,
    quota: connection.service(QuotaService),
    plans: connection.service(PlanService),
    subscriptions: connection.service(SubscriptionService),
    apiKeys: connection.service(ApiKeyService),
  };
}

/** A refusal without what differs from call to call: time left, and ids of requests. */
export function comparable(refusal: Refusal): unknown {
  const { retryInfo, info, message, ...rest } = refusal;
  const { request_id: requestId = "", ...metadata } = info?.metadata ?? {};
  return {
    ...rest,
    info: info && { reason: info.reason, domain: info.domain, metadata },
    message: requestId === "" ? message : message.replace(requestId, "(request id)"),
    hasRetryInfo: retryInfo?.retryDelay !== undefined,
  };
}
