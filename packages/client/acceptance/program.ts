/**
 * Uses the installed package as its user would, over both transports, and fails where it does not behave. Runs in a folder
 * outside the project, on the oldest Node that the package names.
 */
import assert from "node:assert/strict";
import { createConnectTransport } from "@connectrpc/connect-node";
import { credentials } from "@grpc/grpc-js";
import { QuotaClient, QuotaExceededError, QuotaServiceError } from "quota-client";
import { connectTransport } from "quota-client/connect";
import { grpcTransport } from "quota-client/grpc";

const address = process.env["QUOTA_ADDRESS"] ?? "";
const httpAddress = process.env["QUOTA_HTTP_ADDRESS"] ?? "";
const tenantId = process.env["QUOTA_TENANT_ID"] ?? "";
assert.ok(process.version.startsWith("v22."), `runs on ${process.version}`);

const transports = {
  "grpc-js": grpcTransport({ address, credentials: credentials.createInsecure() }),
  connect: connectTransport(createConnectTransport({ baseUrl: `http://${httpAddress}`, httpVersion: "2" })),
};

// Each transport uses a metric of its own, so that both find it unused.
const metrics = {
  "grpc-js": { metricCode: "tracked_products", limit: 50n },
  connect: { metricCode: "exports", limit: 10n },
};

for (const [name, transport] of Object.entries(transports)) {
  const { metricCode, limit } = metrics[name as keyof typeof metrics];
  const client = new QuotaClient({ transport });
  const use = { tenantId, metricCode, amount: limit - 2n };
  const first = await client.record({ ...use, idempotencyKey: `${name}-1` });
  const again = await client.record({ ...use, idempotencyKey: `${name}-1` });
  assert.equal(first.status.remaining, 2n);
  assert.deepEqual([again.replayed, again.event.id], [true, first.event.id]);

  const refusal = await client.record({ ...use, amount: 3 }).catch((error: unknown) => error);
  assert.ok(refusal instanceof QuotaExceededError, String(refusal));
  assert.deepEqual([refusal.limit, refusal.current, refusal.requested, refusal.remaining], [limit, limit - 2n, 3n, 2n]);
  assert.ok(refusal.periodEnd instanceof Date && (refusal.retryAfterMs ?? 0) > 0);

  const mistake = await client.check({ ...use, metricCode: "No Code" }).catch((error: unknown) => error);
  assert.ok(mistake instanceof QuotaServiceError, String(mistake));
  assert.deepEqual(
    [mistake.reason, mistake.violations.map(({ field }) => field)],
    ["INVALID_REQUEST", ["metric_code"]],
  );

  const check = await client.check({ ...use, amount: 2 });
  assert.deepEqual([check.allowed, check.remaining], [true, 0n]);
  const [status] = await client.status({ tenantId, metricCodes: [metricCode] });
  assert.equal(status?.current, limit - 2n);
  const events: bigint[] = [];
  for await (const { amount } of client.events({ tenantId, metricCode, pageSize: 1 })) events.push(amount);
  assert.deepEqual(events, [limit - 2n]);
  client.close();
  console.log(`${name}: ok`);
}
