/**
 * Prepares what a client needs, on a service with AUTH=required, and prints it.
 *
 * Usage: node prepare.ts ADDRESS_OF_SERVICE ADMIN_KEY WHAT, where WHAT is `key` for the secret of a new key of the role
 * SERVICE, or `tenant` for the id of a new tenant on the plan `starter` of examples/plans.yaml.
 */
import { randomUUID } from "node:crypto";
import { Role } from "../../gen/quota/v1/api_key_pb.ts";
import { ApiKeyService } from "../../gen/quota/v1/api_key_service_pb.ts";
import { SubscriptionService } from "../../gen/quota/v1/subscription_service_pb.ts";
import { GrpcConnection } from "../support/grpc-client.ts";

const [address = "", adminKey = "", what = ""] = process.argv.slice(2);
const connection = new GrpcConnection(address, adminKey);
if (what === "key") {
  const request = { displayName: "clients in other languages", role: Role.SERVICE };
  const { secret } = await connection.service(ApiKeyService).createApiKey(request);
  console.log(secret);
} else if (what === "tenant") {
  const tenantId = randomUUID();
  const subscription = { tenantId, planCode: "starter", timeZone: "UTC" };
  await connection.service(SubscriptionService).putSubscription({ subscription });
  console.log(tenantId);
} else {
  throw new Error(`nothing is known of ${JSON.stringify(what)}; key and tenant are`);
}
connection.close();
