import { type DescFile, type DescService, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import type { Server } from "@grpc/grpc-js";
import { ReflectionService } from "@grpc/reflection";
import { file_google_rpc_error_details } from "../../../gen/google/rpc/error_details_pb.ts";
import { file_quota_v1_error_reason } from "../../../gen/quota/v1/error_reason_pb.ts";

/** What no RPC mentions and errors carry: with it, grpcurl prints error details in full. */
const filesOfErrors: readonly DescFile[] = [file_google_rpc_error_details, file_quota_v1_error_reason];

/** Server reflection v1 and v1alpha, listing these services and no other. */
export function addReflection(server: Server, services: readonly DescService[]): void {
  const files = withDependencies([...services.map((service) => service.file), ...filesOfErrors]);
  const fileDescriptorProtos = files.map(({ proto }) => Buffer.from(toBinary(FileDescriptorProtoSchema, proto)));
  // The package expects what proto-loader makes, for an enum say, and reads nothing of it but the file descriptors.
  const definition = {
    all: { format: "Protocol Buffer 3 EnumDescriptorProto", type: {}, fileDescriptorProtos },
  } as const;
  new ReflectionService(definition, { services: services.map(({ typeName }) => typeName) }).addToServer(server);
}

function withDependencies(files: readonly DescFile[], found = new Set<DescFile>()): readonly DescFile[] {
  for (const file of files) {
    if (found.has(file)) continue;
    found.add(file);
    withDependencies(file.dependencies, found);
  }
  return [...found];
}
