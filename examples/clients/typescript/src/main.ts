/**
 * Records usage until the quota service refuses it, and then looks at what happened.
 *
 * QUOTA_ADDRESS    host:port of the gRPC door, 127.0.0.1:50051 by default
 * QUOTA_TENANT_ID  whose usage, the demo tenant by default
 * QUOTA_API_KEY    the credential; leave it out where the service has AUTH=none
 */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { credentials } from "@grpc/grpc-js";
import {
  type CheckQuotaResponse,
  type GetStatusResponse,
  type ListEventsResponse,
  QuotaServiceClient,
} from "../gen/quota/v1/quota_service.ts";
import { EventOrder } from "../gen/quota/v1/usage.ts";
import { callsWith } from "./call.ts";
import { RefusedError, record } from "./record.ts";

const metricCode = "tracked_products";
const amount = 15n;

const address = process.env["QUOTA_ADDRESS"] || "127.0.0.1:50051";
const tenantId = process.env["QUOTA_TENANT_ID"] || "11111111-1111-4111-8111-111111111111";
// Retries of the reads; it stands beside the contract.
const serviceConfig = readFileSync(new URL("../../../../proto/quota/v1/service_config.json", import.meta.url), "utf8");

// credentials.createSsl() where the service is not on this machine.
const client = new QuotaServiceClient(address, credentials.createInsecure(), { "grpc.service_config": serviceConfig });
const call = callsWith(process.env["QUOTA_API_KEY"]);

async function recordUntilRefused(): Promise<void> {
  // A real program takes the key from what it records: an order, a row of a file.
  const run = randomUUID();
  for (let use = 1; ; use += 1) {
    const request = { tenantId, metricCode, amount, metadata: undefined, idempotencyKey: `${run}-${use}` };
    try {
      const { event, status } = await record(client, call, request);
      console.log(`recorded ${event?.amount}: ${status?.current} of ${status?.limit} used`);
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      showRefusal(error);
      return;
    }
  }
}

function showRefusal({ info, failure, retryAfterMs }: RefusedError): void {
  const { current, requested, limit, enforcement, limit_source: source, remaining } = info.metadata;
  const decision = `${current} used and ${requested} asked for with a limit of ${limit} (${enforcement}, ${source})`;
  console.log(`refused: ${info.reason}, ${decision}, ${remaining} left`);
  for (const { subject, description } of failure?.violations ?? [])
    console.log(`violation: ${subject}: ${description}`);
  console.log(`the next period may admit it: ${retryAfterMs > 0}`);
}

async function check(amount: bigint): Promise<void> {
  const { allowed, remaining } = await call<CheckQuotaResponse>((...rest) =>
    client.checkQuota({ tenantId, metricCode, amount }, ...rest),
  );
  console.log(`check ${amount}: ${allowed ? "allowed" : "refused"}, ${remaining} would remain`);
}

async function showStatus(): Promise<void> {
  const { metrics } = await call<GetStatusResponse>((...rest) =>
    client.getStatus({ tenantId, metricCodes: [] }, ...rest),
  );
  for (const { metricCode, current, limit } of metrics) {
    console.log(`status ${metricCode}: ${current} of ${limit ?? "no limit"}`);
  }
}

async function listEvents(): Promise<void> {
  let pageToken = "";
  let number = 0;
  do {
    number += 1;
    const order = EventOrder.OLDEST_FIRST;
    const page = await call<ListEventsResponse>((...rest) =>
      client.listEvents({ tenantId, order, pageSize: 2, pageToken }, ...rest),
    );
    for (const { sequence, amount, usageAfter } of page.events) {
      console.log(`page ${number}: event ${sequence} used ${amount}, ${usageAfter} in all`);
    }
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
}

try {
  await recordUntilRefused();
  await check(5n);
  await check(6n);
  await showStatus();
  await listEvents();
} finally {
  client.close();
}
