import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { MessageReader, queryMessage, type SentStatement, StatementReader } from "./postgres-messages.ts";

/**
 * What becomes of a COMMIT on its way to the server:
 *
 * - `answer lost`: it is executed, and the connection is cut before the answer arrives;
 * - `swallowed`: the server never sees it, and the connection is cut;
 * - `reset`: the same, and the cut is a reset and no end, which clients report in other words;
 * - `rolled back`: the server is told to roll back instead, and says that it did.
 */
export type CommitFate = "answer lost" | "swallowed" | "reset" | "rolled back";

export interface CommitFault {
  /** SQL that the transaction must have sent, so that others commit undisturbed. */
  readonly after: RegExp;
  readonly fate: CommitFate;
  /** Cuts every connection with it and refuses new ones, until `restore`. */
  readonly thenUnreachable?: boolean;
}

/** A network between the service and PostgreSQL that listens in, and fails when a test says so. */
export interface PostgresProxy {
  /** The URL of the database by way of the proxy. */
  readonly url: string;
  /** Faults that have not struck yet. Each strikes one commit; then commits pass again. */
  readonly faults: CommitFault[];
  /** Everything that was sent to the server. */
  readonly statements: SentStatement[];
  /** Lets connections in again. */
  restore(): Promise<void>;
  close(): Promise<void>;
}

/** @param url of a database, without TLS */
export async function startPostgresProxy(url: string): Promise<PostgresProxy> {
  const target = new URL(url);
  const faults: CommitFault[] = [];
  const statements: SentStatement[] = [];
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
    const strike = ({ fate, thenUnreachable }: CommitFault) => {
      if (fate === "reset") client.resetAndDestroy();
      else client.destroy();
      if (thenUnreachable !== true) return;
      server.close();
      cutAll();
    };
    relay(client, upstream, { faults, statements, strike });
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
    statements,
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

interface RelayOptions {
  readonly faults: CommitFault[];
  readonly statements: SentStatement[];
  readonly strike: (fault: CommitFault) => void;
}

function relay(client: Socket, upstream: Socket, { faults, statements, strike }: RelayOptions): void {
  const messages = new MessageReader();
  const sent = new StatementReader();
  let transaction = "";
  /** Set once a commit whose answer shall be lost is on its way to the server. */
  let lost: CommitFault | undefined;
  const faultOf = (text: string): CommitFault | undefined => {
    transaction = /^begin\b/.test(text) ? text : transaction + text;
    return text === "commit" ? take(faults, transaction) : undefined;
  };
  const pass = (message: Buffer) => {
    if (client.destroyed) return;
    const statement = sent.read(message);
    if (statement !== undefined) statements.push(statement);
    const fault = statement && faultOf(statement.text);
    if (fault?.fate === "swallowed" || fault?.fate === "reset") return strike(fault);
    if (fault?.fate === "answer lost") lost = fault;
    upstream.write(fault?.fate === "rolled back" ? queryMessage("rollback") : message);
  };
  client.on("data", (chunk: Buffer) => {
    for (const message of messages.read(chunk)) pass(message);
  });
  let answers = Buffer.alloc(0);
  upstream.on("data", (chunk: Buffer) => {
    if (lost === undefined) return client.write(chunk);
    // Not before the server says what became of it: a connection that is cut earlier may take the commit with it.
    answers = Buffer.concat([answers, chunk]);
    if (answers.includes("COMMIT\0") || answers.includes("ROLLBACK\0")) strike(lost);
  });
}

function take(faults: CommitFault[], transaction: string): CommitFault | undefined {
  const index = faults.findIndex((fault) => fault.after.test(transaction));
  return index < 0 ? undefined : faults.splice(index, 1)[0];
}
