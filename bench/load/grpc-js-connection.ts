import { Client, credentials } from "@grpc/grpc-js";
import type { Address, AnswerListener, LoadConnection } from "./load-connection.ts";

const prefixBytes = 5;

/** The same calls through the client library, to show that the generator's own way changes nothing for the server. */
export class GrpcJsConnection implements LoadConnection {
  readonly failure = undefined;
  readonly #client: Client;
  readonly #path: string;
  readonly #onAnswer: AnswerListener;
  #openCalls = 0;

  constructor(address: Address, path: string, onAnswer: AnswerListener) {
    this.#client = new Client(`${address.host}:${address.port}`, credentials.createInsecure(), {
      "grpc.use_local_subchannel_pool": 1,
    });
    this.#path = path;
    this.#onAnswer = onAnswer;
  }

  get openCalls(): number {
    return this.#openCalls;
  }

  send(call: number, message: Buffer): void {
    this.#openCalls += 1;
    const sent = Buffer.from(message.subarray(prefixBytes));
    this.#client.makeUnaryRequest(this.#path, asIs, asIs, sent, (error) => {
      this.#openCalls -= 1;
      this.#onAnswer(call, error === null);
    });
  }

  flush(): void {
    // The library sends by itself.
  }

  close(): void {
    this.#client.close();
  }
}

function asIs(bytes: Buffer): Buffer {
  return bytes;
}
