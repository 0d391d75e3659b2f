import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/**
 * What becomes of a COMMIT on its way to the server:
 *
 * - `answer lost`: it is executed, and the connection is cut before the answer arrives;
 * - `swallowed`: the server never sees it, and the connection is cut;
 * - `rolled back`: the server is told to roll back instead, and says that it did.
 */
export type CommitFate = "answer lost" | "swallowed" | "rolled back";

export interface CommitFault {
  /** SQL that the transaction must have sent, so that others commit undisturbed. */
  readonly after: RegExp;
  readonly fate: CommitFate;
  /** Cuts every connection with it and refuses new ones, until `restore`. */
  readonly thenUnreachable?: boolean;
}

/** A network between the service and PostgreSQL that fails when a test says so. */
export interface PostgresProxy {
  /** The URL of the database by way of the proxy. */
  readonly url: string;
  /** Faults that have not struck yet. Each strikes one commit; then commits pass again. */
  readonly faults: CommitFault[];
  /** Lets connections in again. */
  restore(): Promise<void>;
  close(): Promise<void>;
}

/** @param url of a database, without TLS */
export async function startPostgresProxy(url: string): Promise<PostgresProxy> {
  const target = new URL(url);
  const faults: CommitFault[] = [];
  const sockets = new Set<Socket>();
  const cutAll = () => {
    for (const socket of sockets) socket.destroy();
  };
  const server = createServer((client) => {
    const upstream = connect({ host: target.hostname, port: Number(target.port) });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on("error", () => undefined);
      socket.on("close", () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    const strike = (fault: CommitFault) => {
      if (fault.thenUnreachable === true) {
        server.close();
        cutAll();
      }
      client.destroy();
    };
    relay(client, upstream, faults, strike);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const proxied = new URL(url);
  proxied.hostname = "127.0.0.1";
  proxied.port = String(port);
  return {
    url: proxied.href,
    faults,
    restore: async () => {
      if (server.listening) return;
      server.listen(port, "127.0.0.1");
      await once(server, "listening");
    },
    close: async () => {
      cutAll();
      if (!server.listening) return;
      server.close();
      await once(server, "close");
    },
  };
}

function relay(client: Socket, upstream: Socket, faults: CommitFault[], strike: (fault: CommitFault) => void): void {
  let sentSql = "";
  /** Set once a commit whose answer shall be lost is on its way to the server. */
  let lost: CommitFault | undefined;
  const messages = new MessageReader();
  client.on("data", (chunk: Buffer) => {
    for (const message of messages.read(chunk)) {
      const sql = sqlOf(message);
      if (sql === "begin") sentSql = "";
      sentSql += sql ?? "";
      const fault = sql === "commit" ? take(faults, sentSql) : undefined;
      if (fault?.fate === "swallowed") return strike(fault);
      if (fault?.fate === "answer lost") lost = fault;
      upstream.write(fault?.fate === "rolled back" ? simpleQuery("rollback") : message);
    }
  });
  upstream.on("data", (chunk: Buffer) => {
    // The server answers a commit once it is done, so that its first word means that it was.
    if (lost === undefined) client.write(chunk);
    else strike(lost);
  });
}

function take(faults: CommitFault[], sentSql: string): CommitFault | undefined {
  const index = faults.findIndex((fault) => fault.after.test(sentSql));
  return index < 0 ? undefined : faults.splice(index, 1)[0];
}

const startupHeaderBytes = 4;
const typedHeaderBytes = 5;

/** Cuts what a client sends into messages (PostgreSQL manual, "Message Formats"): the first has no type byte. */
class MessageReader {
  #buffered = Buffer.alloc(0);
  #isStarted = false;

  read(chunk: Buffer): Buffer[] {
    this.#buffered = Buffer.concat([this.#buffered, chunk]);
    const messages: Buffer[] = [];
    for (let length = this.#nextLength(); length <= this.#buffered.length; length = this.#nextLength()) {
      messages.push(this.#buffered.subarray(0, length));
      this.#buffered = this.#buffered.subarray(length);
      this.#isStarted = true;
    }
    return messages;
  }

  #nextLength(): number {
    const headerBytes = this.#isStarted ? typedHeaderBytes : startupHeaderBytes;
    if (this.#buffered.length < headerBytes) return Number.POSITIVE_INFINITY;
    return this.#buffered.readInt32BE(headerBytes - startupHeaderBytes) + headerBytes - startupHeaderBytes;
  }
}

/** The text of a Query, or of a Parse after its statement's name. */
function sqlOf(message: Buffer): string | undefined {
  const type = String.fromCharCode(message[0] ?? 0);
  if (type === "Q") return message.toString("utf8", typedHeaderBytes, message.length - 1);
  if (type !== "P") return undefined;
  const start = message.indexOf(0, typedHeaderBytes) + 1;
  return message.toString("utf8", start, message.indexOf(0, start));
}

function simpleQuery(sql: string): Buffer {
  const text = Buffer.from(`${sql}\0`);
  const header = Buffer.alloc(typedHeaderBytes);
  header.write("Q");
  header.writeInt32BE(text.length + startupHeaderBytes, 1);
  return Buffer.concat([header, text]);
}
