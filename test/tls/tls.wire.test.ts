import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type ClientHttp2Session, connect as connectHttp2 } from "node:http2";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ConnectionOptions, connect, type PeerCertificate } from "node:tls";
import { create, toBinary } from "@bufbuild/protobuf";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { HealthCheckRequestSchema } from "../../gen/health/v1/health_pb.ts";
import { frame } from "../api/raw-grpc-call.ts";
import { exactly, expectRefusal } from "../start/refusal.ts";
import { RunningServers } from "../start/running-servers.ts";
import { anAuthority, type TestCertificate } from "../support/certificates.ts";
import { failToStart } from "../support/server-process.ts";
import { startTestApp, type TestApp } from "../support/test-app.ts";
import { createTestDatabase, type TestDatabase } from "../support/test-database.ts";

const authority = anAuthority();
const reloadTimeoutMs = 15_000;
let folder: string;
let database: TestDatabase;
let files: { cert: string; key: string; ca: string };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "quota-test-tls-"));
  files = { cert: join(folder, "cert.pem"), key: join(folder, "key.pem"), ca: join(folder, "ca.pem") };
  database = await createTestDatabase();
  await writeFile(files.ca, authority.cert);
});

afterAll(async () => {
  await rm(folder, { recursive: true });
  await database.drop();
});

async function write({ cert, key }: TestCertificate): Promise<void> {
  await writeFile(files.cert, cert);
  await writeFile(files.key, key);
}

const portOf = (address: string) => Number(address.split(":").at(-1));

/** The certificate that a port shows; rejects when the handshake or what follows it fails. */
async function shownBy(port: number, options: ConnectionOptions = {}): Promise<PeerCertificate> {
  const socket = connect({ port, host: "127.0.0.1", ca: authority.cert, ALPNProtocols: ["h2"], ...options });
  try {
    await once(socket, "secureConnect");
    const certificate = socket.getPeerCertificate();
    // A server that turns the caller away says so after the handshake (TLS 1.3).
    await Promise.race([
      once(socket, "data"),
      once(socket, "end").then(() => Promise.reject(new Error("turned away"))),
    ]);
    return certificate;
  } finally {
    socket.destroy();
  }
}

/** A gRPC health check on a session; rejects when it is not answered with status 0. */
async function checkHealth(session: ClientHttp2Session): Promise<void> {
  const stream = session.request({
    ":method": "POST",
    ":path": "/grpc.health.v1.Health/Check",
    "content-type": "application/grpc",
    te: "trailers",
  });
  let status: unknown;
  stream.on("trailers", (trailers) => {
    status = trailers["grpc-status"];
  });
  stream.resume();
  stream.end(frame(Buffer.from(toBinary(HealthCheckRequestSchema, create(HealthCheckRequestSchema)))));
  await once(stream, "close");
  expect(status).toBe("0");
}

describe("with a certificate", () => {
  let app: TestApp | undefined;
  const started = () => {
    if (app === undefined) throw new Error("no app runs");
    return app;
  };

  async function start(env: Readonly<Record<string, string>> = {}): Promise<{ grpc: number; http: number }> {
    app = await startTestApp({ database, env: { TLS_CERT_FILE: files.cert, TLS_KEY_FILE: files.key, ...env } });
    return { grpc: portOf(app.address), http: Number(new URL(app.httpUrl).port) };
  }

  afterEach(async () => {
    await app?.stop();
    app = undefined;
  });

  it("both doors show it, and speak no plain text", async () => {
    const certificate = authority.issue();
    await write(certificate);
    const ports = await start();
    for (const port of [ports.grpc, ports.http]) {
      expect((await shownBy(port)).serialNumber).toBe(certificate.serialNumber);
    }
    const session = connectHttp2(`https://127.0.0.1:${ports.grpc}`, { ca: authority.cert });
    await checkHealth(session);
    session.close();
    const response = await new Promise<number | undefined>((resolve, reject) => {
      request({ port: ports.http, host: "127.0.0.1", path: "/healthz", ca: authority.cert }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      })
        .on("error", reject)
        .end();
    });
    expect(response).toBe(200);
    const plain = connectHttp2(`http://127.0.0.1:${ports.grpc}`);
    await expect(once(plain, "connect").then(() => checkHealth(plain))).rejects.toThrow();
    plain.destroy();
  });

  it("that changes, both doors show the new one, and an open connection goes on", async () => {
    const [first, second] = [authority.issue(), authority.issue()];
    await write(first);
    const ports = await start();
    const session = connectHttp2(`https://127.0.0.1:${ports.grpc}`, { ca: authority.cert });
    await checkHealth(session);
    await write(second);
    for (const port of [ports.grpc, ports.http]) {
      await vi.waitUntil(async () => (await shownBy(port)).serialNumber === second.serialNumber, reloadTimeoutMs);
    }
    await checkHealth(session);
    session.close();
    expect(started().logged.filter(({ msg }) => msg === "uses new TLS files")).toHaveLength(1);
  });

  it("that cannot be used any more, the one before stays, with one line that tells no key, until it is mended", async () => {
    const [first, second] = [authority.issue(), authority.issue()];
    await write(first);
    const ports = await start();
    await writeFile(files.key, second.key);
    const complaints = () =>
      started().logged.filter(({ msg }) => String(msg).startsWith("the TLS files cannot be used"));
    await vi.waitUntil(() => complaints().length > 0, reloadTimeoutMs);
    await new Promise((resolve) => setTimeout(resolve, 4_500));
    expect(complaints()).toHaveLength(1);
    expect(complaints()[0]?.["reason"]).toBe(
      `TLS_KEY_FILE: ${files.key} is not the key of the certificate in ${files.cert}`,
    );
    expect((await shownBy(ports.grpc)).serialNumber).toBe(first.serialNumber);
    await writeFile(files.cert, second.cert);
    await vi.waitUntil(async () => (await shownBy(ports.grpc)).serialNumber === second.serialNumber, reloadTimeoutMs);
    for (const { key } of [first, second]) expect(JSON.stringify(started().logged)).not.toContain(key.slice(40, 90));
  });

  it("of a caller demanded, nobody comes in without one, or with another authority's", async () => {
    await write(authority.issue());
    const ports = await start({ TLS_CLIENT_CA_FILE: files.ca });
    const [client, stranger] = [authority.issue("client"), anAuthority().issue("client")];
    for (const port of [ports.grpc, ports.http]) {
      await shownBy(port, { cert: client.cert, key: client.key });
      await expect(shownBy(port)).rejects.toThrow();
      await expect(shownBy(port, { cert: stranger.cert, key: stranger.key })).rejects.toThrow();
    }
    const session = connectHttp2(`https://127.0.0.1:${ports.grpc}`, { ca: authority.cert, ...client });
    await checkHealth(session);
    session.close();
  });
});

describe("a process with a certificate", () => {
  const running = new RunningServers();

  afterEach(async () => {
    await running.kill();
  });

  const env = () => ({ DATABASE_URL: database.serviceUrl, TLS_CERT_FILE: files.cert, TLS_KEY_FILE: files.key });

  it("reads it anew at a SIGHUP, good or bad, and goes on", async () => {
    const [first, second] = [authority.issue(), authority.issue()];
    await write(first);
    const server = await running.start(env());
    const hangUp = async (line: string, times: number) => {
      server.process.kill("SIGHUP");
      await vi.waitUntil(() => server.output().split(line).length > times, { timeout: reloadTimeoutMs, interval: 10 });
    };
    await hangUp("the TLS files are the same", 1);
    await writeFile(files.key, "rubbish");
    await hangUp("cannot be used", 1);
    await hangUp("cannot be used", 2);
    await write(second);
    await hangUp("uses new TLS files", 1);
    expect((await shownBy(portOf(server.address))).serialNumber).toBe(second.serialNumber);
    expect(await server.end()).toBe(0);
  });

  it.each<[string, string, (certificate: TestCertificate) => Promise<unknown>, (paths: typeof files) => string]>([
    [
      "no certificate",
      "TLS_CERT_FILE",
      () => writeFile(files.cert, "x"),
      ({ cert }) => `${cert} holds no certificate in PEM`,
    ],
    [
      "no key",
      "TLS_KEY_FILE",
      () => writeFile(files.key, "x"),
      ({ key }) => `${key} holds no unencrypted private key in PEM`,
    ],
    [
      "another key",
      "TLS_KEY_FILE",
      () => writeFile(files.key, authority.issue().key),
      ({ cert, key }) => `${key} is not the key of the certificate in ${cert}`,
    ],
    ["no file", "TLS_KEY_FILE", () => rm(files.key), ({ key }) => `${key} cannot be read (ENOENT)`],
    [
      "too large a file",
      "TLS_CERT_FILE",
      () => writeFile(files.cert, Buffer.alloc(1_048_577)),
      ({ cert }) => `${cert} is larger than 1048576 bytes`,
    ],
  ])("does not start with %s", async (_, variable, spoil, problem) => {
    const certificate = authority.issue();
    await write(certificate);
    await spoil(certificate);
    expectRefusal(await failToStart(env()), exactly(`${variable}: ${problem(files)}`));
  });

  it("does not start with authorities that are none", async () => {
    await write(authority.issue());
    const failed = await failToStart({ ...env(), TLS_CLIENT_CA_FILE: files.key });
    expectRefusal(failed, exactly(`TLS_CLIENT_CA_FILE: ${files.key} holds no certificate in PEM`));
  });

  it("does not warn of credentials in the open, beyond this machine", async () => {
    await write(authority.issue());
    const open = { ...env(), AUTH: "required", GRPC_LISTEN: "0.0.0.0:0" };
    const server = await running.start(open);
    expect(server.output()).not.toContain("unencrypted");
    await server.end();
  });
});
