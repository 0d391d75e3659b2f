import { readFileSync } from "node:fs";
import { createClient, type Interceptor, type Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { Role } from "../../../gen/quota/v1/api_key_pb.ts";
import { ApiKeyService } from "../../../gen/quota/v1/api_key_service_pb.ts";

/** Who does what in the demonstration, each with a key of its own where the service asks for keys. */
export interface DemoCallers {
  /** Looks after the plans. */
  readonly operations: Transport;
  /** Subscribes tenants. */
  readonly signUp: Transport;
  /** Grants overrides. */
  readonly success: Transport;
  /** Records what is used. */
  readonly shop: Transport;
  /** A key of the role AUDITOR, for the console; absent where none is asked for. */
  readonly auditorKey: string | undefined;
}

/** @param adminKeyFile absent for a service with AUTH=none */
export async function demoCallers(baseUrl: string, adminKeyFile: string | undefined): Promise<DemoCallers> {
  if (adminKeyFile === undefined) {
    const anybody = transportWith(baseUrl, undefined);
    return { operations: anybody, signUp: anybody, success: anybody, shop: anybody, auditorKey: undefined };
  }
  const adminKey = readFileSync(adminKeyFile, "utf8").trim();
  const keys = createClient(ApiKeyService, transportWith(baseUrl, adminKey));
  const keyFor = async (displayName: string, role: Role) => (await keys.createApiKey({ displayName, role })).secret;
  const callerFor = async (displayName: string, role: Role) => transportWith(baseUrl, await keyFor(displayName, role));
  return {
    operations: await callerFor("Platform operations", Role.ADMIN),
    signUp: await callerFor("Sign-up service", Role.ADMIN),
    success: await callerFor("Customer success", Role.ADMIN),
    shop: await callerFor("Product catalogue", Role.SERVICE),
    auditorKey: await keyFor("Support desk", Role.AUDITOR),
  };
}

function transportWith(baseUrl: string, key: string | undefined): Transport {
  const authorize: Interceptor = (next) => async (request) => {
    if (key !== undefined) request.header.set("authorization", `Bearer ${key}`);
    return await next(request);
  };
  return createConnectTransport({ baseUrl, interceptors: [authorize] });
}
