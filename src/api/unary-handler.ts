import type { DescMessage, DescMethodUnary, DescService, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import type { Principal } from "../domain/principal.ts";

/** What a handler may know about its call besides the message, whichever door it came through. */
export interface CallContext {
  /** Names the call in the log and in INTERNAL errors; at most 64 printable ASCII characters. */
  readonly requestId: string;
  /** Who calls; its role may call this RPC. */
  readonly principal: Principal;
  /** The caller has gone or its deadline has passed: nobody will read the answer. */
  readonly isGone: boolean;
  /** Aborted at the same moment, for what needs to be told; costs more than to ask. */
  readonly signal: AbortSignal;
}

/** One RPC without its door: a message in, a message out, or an error that the door translates. */
export type UnaryHandler<I extends DescMessage, O extends DescMessage> = (
  request: MessageShape<I>,
  context: CallContext,
) => Promise<MessageInitShape<O>>;

export type HandlerOf<M> = M extends DescMethodUnary<infer I, infer O> ? UnaryHandler<I, O> : never;

/** A handler for every RPC of the service; one that is missing does not compile. */
export type ServiceHandlers<S extends DescService> = {
  readonly [K in keyof S["method"]]: HandlerOf<S["method"][K]>;
};
