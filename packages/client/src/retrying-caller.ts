import type { DescMessage, DescMethodUnary, MessageShape } from "@bufbuild/protobuf";
import { isRetryable, isUndecided, leavesOutcomeOpen, settlesEarlierAttempts } from "./attempt-outcome.ts";
import { CallGate } from "./call-gate.ts";
import { CallScope } from "./call-scope.ts";
import { type Credential, credentialHeaders } from "./credential.ts";
import { type ErrorDetails, errorDetailsOf } from "./error-details.ts";
import {
  type FailedCall,
  QuotaClientOverloadedError,
  QuotaExceededError,
  QuotaServiceError,
  QuotaUnavailableError,
} from "./errors.ts";
import { RetryBudget } from "./retry-budget.ts";
import { retryDelayMs } from "./retry-delay.ts";
import type { CallSettings } from "./settings.ts";
import { CallFailure, type QuotaTransport } from "./transport.ts";

export interface CallerOptions {
  readonly deadlineMs: number | undefined;
  readonly signal: AbortSignal | undefined;
  /** The key that the request carries; undefined for a read. */
  readonly idempotencyKey: string | undefined;
}

export interface Answer<O extends DescMessage> {
  readonly message: MessageShape<O>;
  readonly attempts: number;
}

/** What has become of a call so far. */
interface Progress {
  readonly idempotencyKey: string | undefined;
  attempts: number;
  mayBeRecorded: boolean;
}

const noDetails: ErrorDetails = { reason: undefined, metadata: {}, violations: [], retryAfterMs: undefined };

/** Makes a call until it is answered, may not be repeated, or its time is over. */
export class RetryingCaller {
  readonly #transport: QuotaTransport;
  readonly #credential: Credential | undefined;
  readonly #settings: CallSettings;
  readonly #gate: CallGate;
  readonly #budget: RetryBudget;

  constructor(transport: QuotaTransport, credential: Credential | undefined, settings: CallSettings) {
    this.#transport = transport;
    this.#credential = credential;
    this.#settings = settings;
    this.#gate = new CallGate(settings.inFlightMax, settings.queuedMax);
    this.#budget = new RetryBudget(settings.inFlightMax);
  }

  /** @throws QuotaServiceError of the class that fits */
  async call<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageShape<I>,
    { deadlineMs, signal, idempotencyKey }: CallerOptions,
  ): Promise<Answer<O>> {
    const progress: Progress = { idempotencyKey, attempts: 0, mayBeRecorded: false };
    const scope = new CallScope(deadlineMs ?? this.#settings.deadlineMs, signal);
    try {
      const entered = await this.#gate.enter(scope.signal);
      if (entered === "full") throw this.#overloaded(progress);
      if (entered === "aborted") throw errorOf(interruption(scope), noDetails, progress, signal);
      try {
        return await this.#repeat(method, request, progress, scope, signal);
      } finally {
        this.#gate.leave();
      }
    } finally {
      scope.end();
    }
  }

  async #repeat<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageShape<I>,
    progress: Progress,
    scope: CallScope,
    signal: AbortSignal | undefined,
  ): Promise<Answer<O>> {
    for (;;) {
      const headers = await this.#headers(progress, scope, signal);
      progress.attempts += 1;
      let failure: CallFailure;
      try {
        const message = await this.#attempt(method, request, headers, scope);
        this.#budget.noteSuccess();
        return { message, attempts: progress.attempts };
      } catch (error) {
        failure = failureOf(error);
      }
      const details = errorDetailsOf(failure);
      noteOutcome(progress, failure, details);
      const delayMs = this.#delayBeforeRepeat(failure, details, progress, scope);
      if (delayMs === undefined) throw errorOf(failure, details, progress, signal);
      await scope.sleep(delayMs);
      if (scope.signal.aborted) throw errorOf(failure, details, progress, signal);
    }
  }

  async #attempt<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageShape<I>,
    headers: Record<string, string>,
    outer: CallScope,
  ): Promise<MessageShape<O>> {
    const timeoutMs = Math.max(1, Math.min(this.#settings.attemptTimeoutMs, outer.remainingMs()));
    const scope = new CallScope(timeoutMs, outer.signal);
    try {
      const sent = this.#transport.unary(method, request, { headers, timeoutMs, signal: scope.signal });
      return await scope.race(sent, () => interruption(scope));
    } catch (error) {
      // The transport may have noticed first, and calls it whatever it calls it.
      if (scope.signal.aborted) throw interruption(scope.timedOut ? scope : outer);
      throw error;
    } finally {
      scope.end();
    }
  }

  async #headers(
    progress: Progress,
    scope: CallScope,
    signal: AbortSignal | undefined,
  ): Promise<Record<string, string>> {
    try {
      return await scope.race(credentialHeaders(this.#credential), () => interruption(scope));
    } catch (error) {
      const failure =
        error instanceof CallFailure
          ? error
          : new CallFailure("UNAUTHENTICATED", "the credential could not be had", [], error);
      throw errorOf(failure, noDetails, progress, signal);
    }
  }

  /** Milliseconds to wait before the next attempt; undefined when there is to be none. */
  #delayBeforeRepeat(
    failure: CallFailure,
    { reason, retryAfterMs }: ErrorDetails,
    { attempts }: Progress,
    scope: CallScope,
  ): number | undefined {
    if (!isRetryable(failure.code, reason)) {
      this.#budget.noteSuccess();
      return undefined;
    }
    const budgetAllows = this.#budget.noteFailure();
    if (!budgetAllows || attempts >= this.#settings.attemptsMax) return undefined;
    const delayMs = retryDelayMs(attempts, this.#settings.backoff, retryAfterMs, Math.random());
    return delayMs < scope.remainingMs() ? delayMs : undefined;
  }

  #overloaded({ attempts, mayBeRecorded, idempotencyKey }: Progress): QuotaClientOverloadedError {
    const { inFlightMax, queuedMax } = this.#settings;
    return new QuotaClientOverloadedError({
      code: "UNAVAILABLE",
      message: `${inFlightMax} calls of this client are in progress and ${queuedMax} wait; it takes no more`,
      details: noDetails,
      attempts,
      mayBeRecorded,
      idempotencyKey,
      cause: undefined,
    });
  }
}

function interruption(scope: CallScope): CallFailure {
  return scope.timedOut
    ? new CallFailure("DEADLINE_EXCEEDED", "not answered in time", [])
    : new CallFailure("CANCELLED", "cancelled by the caller", []);
}

/** A transport that throws anything else has a defect; what became of the request is then as open as it can be. */
function failureOf(error: unknown): CallFailure {
  return error instanceof CallFailure ? error : new CallFailure("UNKNOWN", "the transport failed", [], error);
}

function noteOutcome(progress: Progress, { code }: CallFailure, { reason }: ErrorDetails): void {
  if (settlesEarlierAttempts(reason)) progress.mayBeRecorded = false;
  else if (progress.idempotencyKey !== undefined && leavesOutcomeOpen(code, reason)) progress.mayBeRecorded = true;
}

function errorOf(
  failure: CallFailure,
  details: ErrorDetails,
  progress: Progress,
  signal: AbortSignal | undefined,
): QuotaServiceError {
  const failed: FailedCall = {
    code: failure.code,
    message: failure.message,
    details,
    attempts: progress.attempts,
    mayBeRecorded: progress.mayBeRecorded,
    idempotencyKey: progress.idempotencyKey,
    cause: failure.cause ?? failure,
  };
  if (details.reason === "QUOTA_EXCEEDED") return quotaExceeded(failed);
  if (signal?.aborted === true) return new QuotaServiceError({ ...failed, code: "CANCELLED", cause: signal.reason });
  return isUndecided(failure.code, details.reason) ? new QuotaUnavailableError(failed) : new QuotaServiceError(failed);
}

/** A refusal whose numbers cannot be read is a refusal all the same. */
function quotaExceeded(failed: FailedCall): QuotaServiceError {
  try {
    return new QuotaExceededError(failed);
  } catch (error) {
    return new QuotaServiceError({ ...failed, cause: error });
  }
}
