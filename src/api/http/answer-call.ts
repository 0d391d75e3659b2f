import { create, type DescMethod, type Message } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import type { Status } from "../../../gen/google/rpc/status_pb.ts";
import { StatusSchema } from "../../../gen/google/rpc/status_pb.ts";
import type { Principal } from "../../domain/principal.ts";
import type { DoorBounds } from "../abuse/door-bounds.ts";
import type { ActiveCalls } from "../active-calls.ts";
import { type Admission, admissionTo, pathOf } from "../auth/admission.ts";
import type { Authenticator } from "../auth/authenticator.ts";
import { isUnreadable } from "../decoding/unreadable.ts";
import { statusOf } from "../errors/error-status.ts";
import { statusCodes } from "../errors/status-code.ts";
import type { Log } from "../log.ts";
import type { AnyUnaryHandler, ServedRpc } from "../served-services.ts";
import type { Answer, Exchange } from "./exchange.ts";
import { CallEndedError, HttpCallContext } from "./http-call-context.ts";

export interface ServingContext {
  readonly calls: ActiveCalls;
  readonly authenticator: Authenticator;
  readonly bounds: DoorBounds;
  readonly log: Log;
}

/** One RPC, ready to be called. */
export interface CallableRpc {
  readonly method: DescMethod;
  /** As gRPC and Connect have it, and as the log has it, whatever the path of the request. */
  readonly path: string;
  readonly handler: AnyUnaryHandler;
  readonly admit: Admission;
}

/** What became of a call. */
export type Outcome =
  | { readonly message: Message; readonly status?: never }
  | { readonly status: Status; readonly message?: never };

/** How the caller writes: one of the protocols, or REST. */
export interface CallForm {
  /** Reads the body, which nobody does for a stranger. */
  readRequest(): Promise<Message>;
  write(outcome: Outcome): Promise<Answer> | Answer;
}

export function callableRpc({ method, handler }: ServedRpc, authenticator: Authenticator): CallableRpc {
  return { method, path: pathOf(method), handler, admit: admissionTo(method, authenticator) };
}

/**
 * Carries out one call in the order of the gRPC door: draining, who calls and whether it may, the message, the handler.
 * The caller counts as having a call in flight until its answer is written, compressed for example, and ready to be sent.
 *
 * @throws what `form` throws about a status
 */
export async function answerCall(
  rpc: CallableRpc,
  exchange: Exchange,
  timeoutMs: number | undefined,
  form: CallForm,
  { calls, bounds, log }: ServingContext,
): Promise<Answer> {
  const begunAt = performance.now();
  const context = new HttpCallContext(exchange, timeoutMs);
  const logged = { requestId: context.requestId, method: rpc.path };
  const changesNothing = rpc.method.idempotency === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS;

  async function work(): Promise<Answer> {
    calls.begin();
    let entered: Principal | undefined;
    try {
      const principal = await rpc.admit(exchange);
      bounds.callers.enter(principal);
      entered = principal;
      bounds.unsent.requireRoom(exchange, principal);
      exchange.principal = principal;
      context.admit(principal);
      const request = await form.readRequest();
      const message = create(rpc.method.output, await rpc.handler(request, context));
      if (changesNothing) bounds.unsent.requireRoom(exchange, principal);
      return await form.write({ message });
    } catch (error) {
      // After the end nobody hears of it any more, but a defect is one all the same.
      if (context.isGone && !isEnd(error)) statusOf(error, logged, log);
      throw error;
    } finally {
      if (entered !== undefined) bounds.callers.leave(entered);
      calls.end();
    }
  }

  function logAnswered(code: number): void {
    log.debug({ ...logged, code: codeNames.get(code) ?? "OK", ms: performance.now() - begunAt }, "call answered");
  }

  try {
    const answer = await context.within(work());
    logAnswered(0);
    return answer;
  } catch (error) {
    if (error instanceof CallEndedError) {
      if (error.end === "CANCELLED") log.debug(logged, "call given up");
      else logAnswered(statusCodes[error.end]);
      return await form.write({
        status: create(StatusSchema, { code: statusCodes[error.end], message: error.message }),
      });
    }
    const status = statusOf(error, logged, log);
    if (status.code === statusCodes.UNAUTHENTICATED || isUnreadable(error)) exchange.fault();
    logAnswered(status.code);
    return await form.write({ status });
  }
}

const codeNames = new Map<number, string>(Object.entries(statusCodes).map(([name, code]) => [code, name]));

/** Whether the error only says that the work was given up because nobody waits for it. */
function isEnd(error: unknown): boolean {
  return error instanceof CallEndedError || (error instanceof Error && error.name === "AbortError");
}
