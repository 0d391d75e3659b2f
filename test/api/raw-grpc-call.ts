import { connect, constants, type IncomingHttpHeaders } from "node:http2";
import { connect as connectSocket } from "node:net";
import { fromBinary } from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { status as grpcStatus } from "@grpc/grpc-js";
import { type ErrorInfo, ErrorInfoSchema } from "../../gen/google/rpc/error_details_pb.ts";
import { StatusSchema } from "../../gen/google/rpc/status_pb.ts";

/** What a call came to, read off the wire without any gRPC library. */
export interface RawAnswer {
  /** The name of the gRPC code; undefined when the stream ended without one. */
  readonly code: string | undefined;
  readonly message: string;
  readonly info: ErrorInfo | undefined;
}

export interface RawCall {
  readonly port: number;
  readonly path: string;
  /** The body as it goes out, frames and all. */
  readonly body: Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  /** The address that the call comes from; only Linux gives all of 127.0.0.0/8 freely. */
  readonly from?: string;
}

/** A gRPC frame, which may lie about its length and its compression. */
export function frame(message: Buffer, options: { compressed?: boolean; length?: number } = {}): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(options.compressed === true ? 1 : 0);
  head.writeUInt32BE(options.length ?? message.length, 1);
  return Buffer.concat([head, message]);
}

/** Sends bytes that no gRPC client would. */
export async function callRawGrpc({ port, path, body, headers = {}, from }: RawCall): Promise<RawAnswer> {
  const session = connect(`http://127.0.0.1:${port}`, {
    createConnection: () =>
      connectSocket({ port, host: "127.0.0.1", ...(from === undefined ? {} : { localAddress: from }) }),
  });
  try {
    return await new Promise<RawAnswer>((resolve, reject) => {
      session.on("error", reject);
      const stream = session.request({
        [constants.HTTP2_HEADER_METHOD]: "POST",
        [constants.HTTP2_HEADER_PATH]: path,
        [constants.HTTP2_HEADER_CONTENT_TYPE]: "application/grpc",
        [constants.HTTP2_HEADER_TE]: "trailers",
        ...headers,
      });
      let ending: IncomingHttpHeaders = {};
      const keep = (received: IncomingHttpHeaders) => {
        if (received["grpc-status"] !== undefined) ending = received;
      };
      stream.on("response", keep);
      stream.on("trailers", keep);
      stream.on("error", reject);
      stream.on("close", () => resolve(answerOf(ending)));
      stream.resume();
      stream.end(body);
    });
  } finally {
    session.destroy();
  }
}

function answerOf(headers: IncomingHttpHeaders): RawAnswer {
  const code = headers["grpc-status"];
  const packed = headers["grpc-status-details-bin"];
  const details = typeof packed === "string" ? fromBinary(StatusSchema, Buffer.from(packed, "base64")).details : [];
  return {
    code: typeof code === "string" ? grpcStatus[Number(code)] : undefined,
    message: decodeURIComponent(String(headers["grpc-message"] ?? "")),
    info: details.map((any) => anyUnpack(any, ErrorInfoSchema)).find((info) => info !== undefined),
  };
}
