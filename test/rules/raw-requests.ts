import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { type Struct, StructSchema } from "@bufbuild/protobuf/wkt";
import { Client, credentials, Metadata } from "@grpc/grpc-js";
import { QuotaService, RecordUsageRequestSchema } from "../../gen/quota/v1/quota_service_pb.ts";

/** Requests that the generated client would not make. */

export const recordUsagePath = `/${QuotaService.typeName}/${QuotaService.method.recordUsage.name}`;

const metadataFieldNumber = RecordUsageRequestSchema.field.metadata.number;

/** A field that no request has. */
const unknownFieldNumber = 1_000;

type RecordInit = MessageInitShape<typeof RecordUsageRequestSchema>;

/** A RecordUsage whose metadata is this Struct, which may hold what JSON cannot. */
export function withStruct(request: RecordInit, fields: Struct["fields"]): Buffer {
  return withMetadataBytes(request, toBinary(StructSchema, create(StructSchema, { fields })));
}

/** A RecordUsage whose metadata is these bytes. */
export function withMetadataBytes(request: RecordInit, bytes: Uint8Array): Buffer {
  return withField(request, metadataFieldNumber, bytes);
}

/** A RecordUsage of exactly this many bytes, filled up with a field that nobody knows. */
export function ofSize(request: RecordInit, size: number): Buffer {
  for (let padding = 0; padding <= size; padding += 1) {
    const guess = withField(request, unknownFieldNumber, new Uint8Array(Math.max(size - 200 + padding, 0)));
    if (guess.byteLength === size) return guess;
  }
  throw new Error(`no request has ${size} bytes`);
}

function withField(request: RecordInit, fieldNumber: number, bytes: Uint8Array): Buffer {
  const field = new BinaryWriter().tag(fieldNumber, WireType.LengthDelimited).bytes(bytes).finish();
  return Buffer.concat([toBinary(RecordUsageRequestSchema, create(RecordUsageRequestSchema, request)), field]);
}

/** What a refused call brings in `grpc-status-details-bin`, as it is. */
export async function detailsOf(address: string, path: string, request: Uint8Array): Promise<Buffer> {
  const client = new Client(address, credentials.createInsecure());
  const asIs = (bytes: Buffer) => bytes;
  try {
    return await new Promise((resolve, reject) => {
      client.makeUnaryRequest(path, asIs, asIs, Buffer.from(request), new Metadata(), (error) => {
        const [details] = error?.metadata.get("grpc-status-details-bin") ?? [];
        if (Buffer.isBuffer(details)) resolve(details);
        else reject(new Error(`the call brought no details: ${error?.message ?? "it succeeded"}`));
      });
    });
  } finally {
    client.close();
  }
}
