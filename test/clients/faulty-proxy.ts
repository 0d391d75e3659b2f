/**
 * Stands between a client and the service, and loses answers: the first call of each method fails with UNAVAILABLE, for
 * RecordUsage after the service has recorded it. A client that does not retry fails, and one that retries a record under
 * another key counts it twice.
 *
 * Usage: node faulty-proxy.ts ADDRESS_OF_SERVICE REPORT. Prints the address it listens on; writes a line of JSON to REPORT
 * for every call.
 */
import { appendFileSync } from "node:fs";
import { fromBinary } from "@bufbuild/protobuf";
import * as grpc from "@grpc/grpc-js";
import { QuotaService, RecordUsageRequestSchema } from "../../gen/quota/v1/quota_service_pb.ts";

const [target = "", report = ""] = process.argv.slice(2);
const onward = new grpc.Client(target, grpc.credentials.createInsecure());
const failedMethods = new Set<string>();
const same = (bytes: Buffer) => bytes;

const lost = { code: grpc.status.UNAVAILABLE, details: "the answer was lost" };

function handlerOf(name: string): grpc.handleUnaryCall<Buffer, Buffer> {
  return (call, callback) => {
    const isFirst = !failedMethods.has(name);
    failedMethods.add(name);
    note(name, isFirst, call);
    if (isFirst && name !== "RecordUsage") {
      callback(lost);
      return;
    }
    const metadata = new grpc.Metadata();
    for (const value of call.metadata.get("authorization")) metadata.add("authorization", value);
    const options = { deadline: call.getDeadline() };
    onward.makeUnaryRequest(
      `/${QuotaService.typeName}/${name}`,
      same,
      same,
      call.request,
      metadata,
      options,
      (error, answer) => {
        if (isFirst) callback(lost);
        else if (error !== null) callback(error);
        else callback(null, answer);
      },
    );
  };
}

function note(method: string, isLost: boolean, call: grpc.ServerUnaryCall<Buffer, Buffer>): void {
  const key = method === "RecordUsage" ? fromBinary(RecordUsageRequestSchema, call.request).idempotencyKey : undefined;
  const hasDeadline = Number.isFinite(Number(call.getDeadline()));
  const [authorization] = call.metadata.get("authorization");
  appendFileSync(report, `${JSON.stringify({ method, isLost, key, hasDeadline, authorization })}\n`);
}

const server = new grpc.Server();
const definition: Record<string, grpc.MethodDefinition<Buffer, Buffer>> = {};
const handlers: grpc.UntypedServiceImplementation = {};
for (const { name } of QuotaService.methods) {
  definition[name] = {
    path: `/${QuotaService.typeName}/${name}`,
    requestStream: false,
    responseStream: false,
    requestSerialize: same,
    requestDeserialize: same,
    responseSerialize: same,
    responseDeserialize: same,
  };
  handlers[name] = handlerOf(name);
}
server.addService(definition, handlers);
server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  console.log(`127.0.0.1:${port}`);
});
