import { create, createFileRegistry, type FileRegistry, fromBinary } from "@bufbuild/protobuf";
import { BinaryReader } from "@bufbuild/protobuf/wire";
import { type FileDescriptorProto, FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { Client, credentials } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { QuotaService } from "../../gen/quota/v1/quota_service_pb.ts";
import { wireRecords } from "../../src/api/decoding/wire-records.ts";
import { startTestServer, type TestServer } from "./test-server.ts";
import { field } from "./wire-bytes.ts";

/** Field numbers of grpc.reflection.v1 (and v1alpha, which is the same). */
const ask = { fileContainingSymbol: 4, listServices: 7 } as const;
const answered = { files: 4, services: 6, error: 7 } as const;

const versions = ["v1", "v1alpha"] as const;

let server: TestServer;
let client: Client;

beforeAll(async () => {
  server = await startTestServer();
  client = new Client(`127.0.0.1:${server.port}`, credentials.createInsecure());
});

afterAll(async () => {
  client.close();
  await server.stop();
});

async function reflect(version: string, request: Buffer): Promise<Uint8Array> {
  const path = `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`;
  const stream = client.makeBidiStreamRequest(
    path,
    (bytes: Buffer) => bytes,
    (bytes: Buffer) => bytes,
  );
  const answer = new Promise<Buffer>((resolve, reject) => {
    stream.once("data", resolve);
    stream.once("error", reject);
  });
  stream.write(request);
  const bytes = await answer;
  stream.end();
  return bytes;
}

/** The contents of the length-delimited fields of this number. */
function contents(message: Uint8Array, fieldNumber: number): Uint8Array[] {
  return [...wireRecords(message)]
    .filter((record) => record.fieldNumber === fieldNumber)
    .map(({ data }) => new BinaryReader(data).bytes());
}

async function listedServices(version: string): Promise<string[]> {
  const answer = await reflect(version, field(ask.listServices, "*"));
  const services = contents(answer, answered.services).flatMap((list) => contents(list, 1));
  return services.flatMap((service) => contents(service, 1)).map((name) => Buffer.from(name).toString());
}

async function describedBy(version: string, symbol: string): Promise<FileRegistry> {
  const answer = await reflect(version, field(ask.fileContainingSymbol, symbol));
  const files = contents(answer, answered.files).flatMap((response) => contents(response, 1));
  const described = files.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes));
  return createFileRegistry(create(FileDescriptorSetSchema, { file: dependenciesFirst(described) }));
}

/** @throws Error when a dependency is missing, over which grpcurl and buf stumble too */
function dependenciesFirst(files: readonly FileDescriptorProto[]): FileDescriptorProto[] {
  const byName = new Map(files.map((file) => [file.name, file]));
  const sorted = new Set<FileDescriptorProto>();
  const visit = (name: string) => {
    const file = byName.get(name);
    if (file === undefined) throw new Error(`${name} is missing`);
    if (sorted.has(file)) return;
    file.dependency.forEach(visit);
    sorted.add(file);
  };
  for (const { name } of files) visit(name);
  return [...sorted];
}

describe.each(versions)("reflection %s", (version) => {
  it("lists what is served and nothing else", async () => {
    expect((await listedServices(version)).sort()).toEqual([
      "grpc.health.v1.Health",
      "quota.v1.AdminService",
      "quota.v1.ApiKeyService",
      "quota.v1.PlanService",
      "quota.v1.QuotaService",
      "quota.v1.SubscriptionService",
    ]);
  });

  it.each(["quota.v1.QuotaService", "quota.v1.PlanService", "quota.v1.SubscriptionService", "grpc.health.v1.Health"])(
    "describes %s with all it depends on",
    async (name) => {
      const service = (await describedBy(version, name)).getService(name);
      expect(service?.methods.length).toBeGreaterThan(0);
    },
  );

  it("describes methods and fields as they are", async () => {
    const service = (await describedBy(version, "quota.v1.QuotaService")).getService("quota.v1.QuotaService");
    for (const { localName, input, idempotency } of QuotaService.methods) {
      const described = service?.method[localName];
      expect(described?.idempotency).toBe(idempotency);
      expect(described?.input.fields.map(({ name, number, presence }) => ({ name, number, presence }))).toEqual(
        input.fields.map(({ name, number, presence }) => ({ name, number, presence })),
      );
    }
  });

  it.each(["google.rpc.ErrorInfo", "google.rpc.BadRequest", "google.rpc.QuotaFailure", "google.rpc.RetryInfo"])(
    "knows %s, so that clients can print the details of errors",
    async (name) => {
      expect((await describedBy(version, name)).getMessage(name)).toBeDefined();
    },
  );

  it.each(["quota.v2.ApiKeyService", "x"])("knows no %s", async (name) => {
    const answer = await reflect(version, field(ask.fileContainingSymbol, name));
    expect(contents(answer, answered.error)).toHaveLength(1);
  });
});
