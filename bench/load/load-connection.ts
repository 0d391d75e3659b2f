/** A call was answered; false when with an error or not at all. */
export type AnswerListener = (call: number, isOk: boolean) => void;

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** One client's connection, on which unary calls to one method are made. */
export interface LoadConnection {
  /** Why the connection is of no more use. */
  readonly failure: Error | undefined;
  /** Calls that are not yet answered. */
  readonly openCalls: number;
  /**
   * Begins a call.
   *
   * @param message with gRPC's prefix of five bytes; free to be overwritten when this returns
   * @throws Error when the connection is of no more use
   */
  send(call: number, message: Buffer): void;
  /** Sends what is still held back. */
  flush(): void;
  close(): void;
}
