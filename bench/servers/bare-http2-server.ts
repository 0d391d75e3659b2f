import { createServer, type ServerHttp2Stream } from "node:http2";
import { create, toBinary } from "@bufbuild/protobuf";
import { RecordUsageResponseSchema } from "../../gen/quota/v1/quota_service_pb.ts";
import { quotaStatusMessage } from "../../src/api/mapping/quota-status.ts";
import { usageEventMessage } from "../../src/api/mapping/usage-event.ts";
import { endOnSignal, listenAddress } from "./bench-shell.ts";
import { sampleReceipt } from "./sample-receipt.ts";

/** What Node's HTTP/2 alone can do: the bytes of a RecordUsage answer with its trailers, without any gRPC library. */

const message = toBinary(
  RecordUsageResponseSchema,
  create(RecordUsageResponseSchema, {
    event: usageEventMessage(sampleReceipt.event),
    status: quotaStatusMessage(sampleReceipt.status),
  }),
);
const body = Buffer.alloc(5 + message.length);
body.writeUInt32BE(message.length, 1);
body.set(message, 5);

const server = createServer({ settings: { maxConcurrentStreams: 1_024 } });
server.on("stream", (stream: ServerHttp2Stream) => {
  stream.on("data", () => undefined);
  stream.on("end", () => {
    stream.respond({ ":status": 200, "content-type": "application/grpc+proto" }, { waitForTrailers: true });
    stream.once("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0", "grpc-message": "OK" }));
    stream.end(body);
  });
});
const { host, port } = listenAddress();
server.listen(port, host);
endOnSignal();
