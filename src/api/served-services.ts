import type { DescMessage, DescMethod, DescService } from "@bufbuild/protobuf";
import { AdminService } from "../../gen/quota/v1/admin_service_pb.ts";
import { ApiKeyService } from "../../gen/quota/v1/api_key_service_pb.ts";
import { PlanService } from "../../gen/quota/v1/plan_service_pb.ts";
import { QuotaService } from "../../gen/quota/v1/quota_service_pb.ts";
import { SubscriptionService } from "../../gen/quota/v1/subscription_service_pb.ts";
import type { ApiServices } from "./api-services.ts";
import {
  adminServiceHandlers,
  apiKeyServiceHandlers,
  planServiceHandlers,
  quotaServiceHandlers,
  subscriptionServiceHandlers,
} from "./service-handlers.ts";
import type { ServiceHandlers, UnaryHandler } from "./unary-handler.ts";

/** A handler whose messages are those of its method, which is all that a door needs to know of them. */
export type AnyUnaryHandler = UnaryHandler<DescMessage, DescMessage>;

export interface ServedRpc {
  readonly method: DescMethod;
  readonly handler: AnyUnaryHandler;
}

/** A service and its RPCs, without their types: what a door goes through to serve them. */
export interface ServedService {
  readonly service: DescService;
  readonly rpcs: readonly ServedRpc[];
}

/** The one list of what every door serves. */
export function servedServices(services: ApiServices): readonly ServedService[] {
  return [
    served(QuotaService, quotaServiceHandlers(services)),
    served(PlanService, planServiceHandlers(services)),
    served(SubscriptionService, subscriptionServiceHandlers(services)),
    served(AdminService, adminServiceHandlers(services)),
    served(ApiKeyService, apiKeyServiceHandlers(services)),
  ];
}

/** @throws Error when a method streams, which no door of ours does */
export function served<S extends DescService>(service: S, handlers: ServiceHandlers<S>): ServedService {
  const rpcs = service.methods.map((method) => {
    if (method.methodKind !== "unary") throw new Error(`${method.toString()} is not unary`);
    // `ServiceHandlers` has one handler for each method, of that method's own types.
    return { method, handler: handlers[method.localName as keyof S["method"]] };
  });
  return { service, rpcs };
}
