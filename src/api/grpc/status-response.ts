import { toBinary } from "@bufbuild/protobuf";
import { Metadata, type StatusObject } from "@grpc/grpc-js";
import { type Status, StatusSchema } from "../../../gen/google/rpc/status_pb.ts";

/** Where gRPC carries a whole google.rpc.Status, the code and the message repeated. */
export const statusDetailsHeader = "grpc-status-details-bin";

export function statusResponse(status: Status, metadata = new Metadata()): StatusObject {
  metadata.set(statusDetailsHeader, Buffer.from(toBinary(StatusSchema, status)));
  return { code: status.code, details: status.message, metadata };
}
