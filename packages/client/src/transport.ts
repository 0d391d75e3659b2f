import type { DescMessage, DescMethodUnary, MessageShape } from "@bufbuild/protobuf";
import type { StatusCode } from "./status-code.ts";

/**
 * How one attempt of a call reaches the service. `quota-client/grpc` and `quota-client/connect` make one; tests may bring
 * their own.
 */
export interface QuotaTransport {
  /**
   * Sends a request once and returns the answer. Must not retry: the client does, and counts what it did.
   *
   * @throws CallFailure when there is no answer, or the answer is an error
   */
  unary<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageShape<I>,
    options: AttemptOptions,
  ): Promise<MessageShape<O>>;

  /** Gives connections back. Calls afterwards fail. */
  close(): void;
}

export interface AttemptOptions {
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** What the service is told to answer within, in milliseconds; above 0. */
  readonly timeoutMs: number;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

/** A `google.protobuf.Any` as it came over the wire. */
export interface PackedDetail {
  /** Full name of the message, for instance `google.rpc.ErrorInfo`. */
  readonly typeName: string;
  readonly value: Uint8Array;
}

/** One attempt that failed, in words that both transports share. */
export class CallFailure extends Error {
  override readonly name = "CallFailure";
  readonly code: StatusCode;
  readonly details: readonly PackedDetail[];

  constructor(code: StatusCode, message: string, details: readonly PackedDetail[], cause?: unknown) {
    super(message, { cause });
    this.code = code;
    this.details = details;
  }
}
