import { Agent, request as requestHttp1 } from "node:http";
import { connect as connectHttp2 } from "node:http2";

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
  /** Of the body; throws when it is no JSON. */
  json(): Record<string, unknown>;
}

export interface HttpCall {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string | Uint8Array;
  /** The address that a call over HTTP/1.1 comes from; only Linux gives all of 127.0.0.0/8 freely. */
  readonly from?: string;
}

/** A request over HTTP/1.1 with the target as it is, which `fetch` would tidy up. */
export async function http1(baseUrl: string, target: string, call: HttpCall = {}): Promise<HttpAnswer> {
  const { hostname, port } = new URL(baseUrl);
  const { method = call.body === undefined ? "GET" : "POST", headers = {}, body, from } = call;
  return await new Promise((resolve, reject) => {
    // Asks to keep the connection, so that it is the server alone who closes it.
    const agent = new Agent({ keepAlive: true });
    const sent = requestHttp1(
      {
        host: hostname,
        port,
        path: target,
        method,
        headers: headers as Record<string, string>,
        agent,
        ...(from === undefined ? {} : { localAddress: from }),
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk)).on("error", reject);
        response.on("end", () => {
          agent.destroy();
          const flat = Object.fromEntries(
            Object.entries(response.headers).map(([name, value]) => [name, String(value)]),
          );
          resolve(answerOf(response.statusCode ?? 0, flat, Buffer.concat(chunks)));
        });
      },
    );
    sent.on("error", reject);
    sent.end(body);
  });
}

/** The same over HTTP/2 without TLS, on a connection of its own. */
export async function http2(baseUrl: string, target: string, call: HttpCall = {}): Promise<HttpAnswer> {
  const session = connectHttp2(baseUrl);
  const { method = call.body === undefined ? "GET" : "POST", headers = {}, body } = call;
  try {
    return await new Promise((resolve, reject) => {
      session.on("error", reject);
      const stream = session.request({ ":path": target, ":method": method, ...headers });
      const chunks: Buffer[] = [];
      let received: Record<string, string> = {};
      stream.on("response", (sent) => {
        received = Object.fromEntries(Object.entries(sent).map(([name, value]) => [name, String(value)]));
      });
      stream.on("data", (chunk: Buffer) => chunks.push(chunk)).on("error", reject);
      stream.on("end", () => resolve(answerOf(Number(received[":status"]), received, Buffer.concat(chunks))));
      stream.end(body);
    });
  } finally {
    session.close();
  }
}

function answerOf(status: number, headers: HttpAnswer["headers"], body: Buffer): HttpAnswer {
  return { status, headers, body, json: () => JSON.parse(body.toString()) };
}
