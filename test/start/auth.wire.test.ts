import { chmod, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Health } from "../../gen/health/v1/health_pb.ts";
import { Role } from "../../gen/quota/v1/api_key_pb.ts";
import { ApiKeyService } from "../../gen/quota/v1/api_key_service_pb.ts";
import { PlanService } from "../../gen/quota/v1/plan_service_pb.ts";
import { aKeyFile, aSecret } from "../support/api-keys.ts";
import { GrpcConnection, refusalOfCall } from "../support/grpc-client.ts";
import { failToStart, type ServerProcess } from "../support/server-process.ts";
import { createTestDatabase, type TestDatabase } from "../support/test-database.ts";
import { query } from "./database-state.ts";
import { DataDirectory } from "./own-postgres.ts";
import { escaped, expectRefusal } from "./refusal.ts";
import { RunningServers } from "./running-servers.ts";

const examplePlans = join(import.meta.dirname, "../../examples/plans.yaml");
const running = new RunningServers();
let database: TestDatabase;
let env: Record<string, string>;

beforeAll(async () => {
  database = await createTestDatabase();
  env = { DATABASE_URL: database.serviceUrl };
});

afterAll(async () => {
  await running.kill();
  await database.drop();
});

/** The reason why a call with the secret is refused; undefined when it is not. */
async function reasonWith(server: ServerProcess, secret?: string): Promise<string | undefined> {
  const connection = new GrpcConnection(server.address, secret);
  try {
    await connection.service(PlanService).listPlans({});
    return undefined;
  } catch {
    return (await refusalOfCall(connection.service(PlanService).listPlans({}))).reason;
  } finally {
    connection.close();
  }
}

describe("AUTH=none", () => {
  it("is said at the start, whatever the database holds", async () => {
    const file = await aKeyFile();
    const server = await running.start({ ...env, BOOTSTRAP_ADMIN_KEY_FILE: file.path });
    expect(server.output()).toContain("AUTH is none");
    expect(await reasonWith(server)).toBeUndefined();
    await server.end();
    const again = await running.start(env);
    expect(again.output()).toContain("AUTH is none");
    expect(await reasonWith(again)).toBeUndefined();
    await again.end();
    await file.remove();
  });

  it("does not listen beyond this machine", async () => {
    const failed = await failToStart({ ...env, GRPC_LISTEN: "0.0.0.0:0" });
    expectRefusal(failed, /^GRPC_LISTEN is "0\.0\.0\.0:0": allowed is only a loopback address/);
  });
});

describe("AUTH=required", () => {
  it("answers whoever has a credential, health checks alone without, and warns of an unencrypted network", async () => {
    const file = await aKeyFile();
    const server = await running.start({
      ...env,
      AUTH: "required",
      BOOTSTRAP_ADMIN_KEY_FILE: file.path,
      GRPC_LISTEN: "0.0.0.0:0",
    });
    expect(server.output()).toContain("credentials cross the network unencrypted");
    const local = { ...server, address: server.address.replace("0.0.0.0", "127.0.0.1") };
    expect(await reasonWith(local)).toBe("CREDENTIAL_MISSING");
    expect(await reasonWith(local, aSecret())).toBe("CREDENTIAL_INVALID");
    expect(await reasonWith(local, file.secret)).toBeUndefined();
    const connection = new GrpcConnection(local.address);
    await connection.service(Health).check({});
    connection.close();
    await server.end();
    await file.remove();
  });

  it("reads no plan without a credential, and starts without an ADMIN key all the same", async () => {
    const server = await running.start({ ...env, AUTH: "required" });
    expect(await reasonWith(server)).toBe("CREDENTIAL_MISSING");
    await server.end();
  });
});

it("an embedded database comes with an ADMIN key, made once, for its owner's eyes, and told by its place alone", async () => {
  const directory = await DataDirectory.create();
  const embedded = { DATA_DIR: directory.path, PLANS_FILE: examplePlans, AUTH: "required" };
  const path = join(directory.path, "admin-key");
  let secret = "";
  for (const isNew of [true, false]) {
    const server = await running.start(embedded);
    const found = (await readFile(path, "utf8")).trim();
    if (!isNew) expect(found).toBe(secret);
    secret = found;
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(server.output()).toContain(`"file":"${path}","isNew":${isNew}`);
    expect(server.output()).not.toContain(secret.slice(16, 40));
    expect(await reasonWith(server, secret)).toBeUndefined();
    await server.end();
  }
  await directory.remove();
});

describe("BOOTSTRAP_ADMIN_KEY_FILE", () => {
  const keys = () =>
    query<{ role: string }>(database.superuserUrl, "select role from quota_api_key where display_name = 'bootstrap'");

  it("makes its secret an ADMIN's once, and never tells it", async () => {
    const file = await aKeyFile();
    const before = (await keys()).length;
    for (const isNew of [true, false]) {
      const server = await running.start({ ...env, AUTH: "required", BOOTSTRAP_ADMIN_KEY_FILE: file.path });
      expect(await reasonWith(server, file.secret)).toBeUndefined();
      await server.end();
      expect(server.output()).toContain(`"isNew":${isNew}`);
      expect(server.output()).not.toContain(file.secret.slice(16, 40));
      expect(await keys()).toHaveLength(before + 1);
    }
    expect((await keys()).at(-1)?.role).toBe("ADMIN");
    await file.remove();
  });

  it("does not bring a revoked key back", async () => {
    const file = await aKeyFile();
    const server = await running.start({ ...env, AUTH: "required", BOOTSTRAP_ADMIN_KEY_FILE: file.path });
    const connection = new GrpcConnection(server.address, file.secret);
    const service = connection.service(ApiKeyService);
    const { apiKeys } = await service.listApiKeys({ role: Role.ADMIN, pageSize: 1 });
    await service.revokeApiKey({ id: apiKeys[0]?.id ?? "" });
    connection.close();
    await server.end();
    const again = await running.start({ ...env, AUTH: "required", BOOTSTRAP_ADMIN_KEY_FILE: file.path });
    expect(again.output()).toContain("stays revoked");
    expect(await reasonWith(again, file.secret)).toBe("CREDENTIAL_INVALID");
    await again.end();
    await file.remove();
  });

  it("warns when others may read it", async () => {
    const file = await aKeyFile();
    await chmod(file.path, 0o644);
    const server = await running.start({ ...env, BOOTSTRAP_ADMIN_KEY_FILE: file.path });
    expect(server.output()).toContain("others than its owner may read");
    await server.end();
    await file.remove();
  });

  it("must be there and hold a secret, and says how one is made without telling what it holds", async () => {
    const missing = "/nonexistent/admin-key";
    const makingOf = (path: string) => `(umask 077; set -C; echo "qsk_$(openssl rand -hex 40)" > ${path})`;
    expectRefusal(
      await failToStart({ ...env, BOOTSTRAP_ADMIN_KEY_FILE: missing }),
      new RegExp(
        `^BOOTSTRAP_ADMIN_KEY_FILE: ${missing} cannot be read \\(ENOENT\\); make it with: ${escaped(makingOf(missing))}$`,
      ),
    );
    const file = await aKeyFile("hunter2");
    const form = "does not hold qsk_ and 80 lower-case hexadecimal digits";
    // What is there already may be another program's.
    const another = escaped(`leave it and name a new file, made with: ${makingOf("admin-key")}`);
    const refused = new RegExp(`^BOOTSTRAP_ADMIN_KEY_FILE: ${file.path} ${form}; ${another}$`);
    const below = `${file.path}/admin-key`;
    const unreadable = new RegExp(`^BOOTSTRAP_ADMIN_KEY_FILE: ${below} cannot be read \\(ENOTDIR\\); ${another}$`);
    expectRefusal(await failToStart({ ...env, BOOTSTRAP_ADMIN_KEY_FILE: below }), unreadable);
    expectRefusal(await failToStart({ ...env, BOOTSTRAP_ADMIN_KEY_FILE: file.path }), refused);
    await writeFile(file.path, `${aSecret()}\n`.repeat(20));
    expectRefusal(await failToStart({ ...env, BOOTSTRAP_ADMIN_KEY_FILE: file.path }), refused);
    await file.remove();
  });

  it("may not hold a secret that begins like another key's", async () => {
    const file = await aKeyFile();
    const server = await running.start({ ...env, BOOTSTRAP_ADMIN_KEY_FILE: file.path });
    await server.end();
    await writeFile(file.path, `${file.secret.slice(0, 16)}${"0".repeat(68)}`);
    expectRefusal(
      await failToStart({ ...env, BOOTSTRAP_ADMIN_KEY_FILE: file.path }),
      /^BOOTSTRAP_ADMIN_KEY_FILE: .* begins like another key's and goes on differently: make a new one$/,
    );
    await file.remove();
  });
});

it("REFLECTION=off answers nobody's question about the contract", async () => {
  const path = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
  for (const [reflection, code] of [
    ["off", "UNIMPLEMENTED"],
    ["on", undefined],
  ] as const) {
    const server = await running.start({ ...env, REFLECTION: reflection });
    const connection = new GrpcConnection(server.address);
    const answer = await connection.callRaw(path, Buffer.alloc(0), { deadlineMs: 2_000 }).then(
      () => undefined,
      (error: { refusal?: { code: string } }) => error.refusal?.code,
    );
    expect(answer === "UNIMPLEMENTED").toBe(code === "UNIMPLEMENTED");
    connection.close();
    await server.end();
  }
});
