import type { Credential } from "./credential.ts";
import { QuotaUnavailableError } from "./errors.ts";
import { QuotaService } from "./gen/quota/v1/quota_service_pb.ts";
import { createIdempotencyKey } from "./idempotency-key.ts";
import {
  type CheckQuotaInput,
  checkQuotaRequest,
  type GetStatusInput,
  getStatusRequest,
  keyedUse,
  type ListEventsInput,
  listEventsRequest,
  type RecordUsageInput,
  recordUsageRequest,
} from "./inputs.ts";
import { quotaStatusOf, usageEventOf } from "./mapping.ts";
import type { CheckResult, EventPage, RecordedUse, RecordResult, UndecidedCheck, UnrecordedUse } from "./results.ts";
import { type CallerOptions, RetryingCaller } from "./retrying-caller.ts";
import { type CallSettingsInput, callSettings, deadlineOf } from "./settings.ts";
import type { QuotaTransport } from "./transport.ts";
import type { QuotaStatus, UsageEvent } from "./usage.ts";
import {
  type KeepUndecidedUse,
  type UnavailablePolicy,
  type UndecidedUse,
  UndecidedUseNotKeptError,
} from "./when-unavailable.ts";

export interface QuotaClientOptions<C extends UnavailablePolicy, R extends UnavailablePolicy>
  extends CallSettingsInput {
  /** From `quota-client/grpc` or `quota-client/connect`. */
  readonly transport: QuotaTransport;
  /** Sent with every call; without it, calls are made as nobody, which a service with `AUTH=none` takes. */
  readonly credential?: Credential | undefined;
  /** What `check` and `record` give when nobody decided. Default: both throw. */
  readonly whenUnavailable?: { readonly check?: C | undefined; readonly record?: R | undefined } | undefined;
  /** Required with `whenUnavailable.record: "admit"`: what is admitted and not recorded must lie somewhere. */
  readonly keepUndecided?: KeepUndecidedUse | undefined;
}

export interface CallOptions {
  /** What this call may take altogether, in milliseconds. */
  readonly deadlineMs?: number | undefined;
  /** Ends the call with a QuotaServiceError of code CANCELLED. */
  readonly signal?: AbortSignal | undefined;
}

const policies: readonly string[] = ["throw", "admit", "refuse"] satisfies UnavailablePolicy[];

/** Asks the quota service, and tells it what was used. One client for a process is enough. */
export class QuotaClient<const C extends UnavailablePolicy = "throw", const R extends UnavailablePolicy = "throw"> {
  readonly #transport: QuotaTransport;
  readonly #caller: RetryingCaller;
  readonly #checkPolicy: UnavailablePolicy;
  readonly #recordPolicy: UnavailablePolicy;
  readonly #keepUndecided: KeepUndecidedUse | undefined;

  /** @throws RangeError or TypeError that names the option */
  constructor(options: QuotaClientOptions<C, R>) {
    this.#checkPolicy = policyOf("check", options.whenUnavailable?.check);
    this.#recordPolicy = policyOf("record", options.whenUnavailable?.record);
    if (this.#recordPolicy === "admit" && options.keepUndecided === undefined) {
      throw new TypeError('whenUnavailable.record is "admit" without keepUndecided: admitted uses would be lost');
    }
    this.#keepUndecided = options.keepUndecided;
    this.#transport = options.transport;
    this.#caller = new RetryingCaller(options.transport, options.credential, callSettings(options));
  }

  /**
   * Records a use, or learns that it is refused. Every attempt carries one key, so it is counted at most once.
   *
   * @throws QuotaExceededError when a HARD limit refuses it
   * @throws QuotaUnavailableError when nobody decided and `whenUnavailable.record` is `throw`
   * @throws UndecidedUseNotKeptError when nobody decided, it is `admit`, and `keepUndecided` failed
   * @throws QuotaServiceError for every other reason
   */
  async record(input: RecordUsageInput, options: CallOptions = {}): Promise<RecordResult<R>> {
    const idempotencyKey = input.idempotencyKey ?? createIdempotencyKey();
    const keyed = keyedUse(input, idempotencyKey);
    const request = recordUsageRequest(keyed);
    try {
      const { message, attempts } = await this.#caller.call(
        QuotaService.method.recordUsage,
        request,
        callerOptions(options, idempotencyKey),
      );
      if (message.event === undefined || message.status === undefined)
        throw new TypeError("the answer lacks its event");
      const recorded: RecordedUse = {
        decided: true,
        admitted: true,
        event: usageEventOf(message.event),
        status: quotaStatusOf(message.status),
        overLimit: message.overLimit,
        replayed: message.replayed,
        idempotencyKey,
        attempts,
      };
      return recorded;
    } catch (error) {
      if (!(error instanceof QuotaUnavailableError) || this.#recordPolicy === "throw") throw error;
      const use = { input: keyed, mayBeRecorded: error.mayBeRecorded, error };
      // The compiler does not see that the policy is R, and that R is not "throw" here.
      return (await this.#answerForService(use)) as RecordResult<R>;
    }
  }

  /**
   * Asks whether an amount could be used now. Nothing is written and nothing is held.
   *
   * @throws QuotaUnavailableError when nobody decided and `whenUnavailable.check` is `throw`
   * @throws QuotaServiceError for every other reason
   */
  async check(input: CheckQuotaInput, options: CallOptions = {}): Promise<CheckResult<C>> {
    const request = checkQuotaRequest(input);
    try {
      const { message } = await this.#caller.call(QuotaService.method.checkQuota, request, callerOptions(options));
      if (message.status === undefined) throw new TypeError("the answer lacks its status");
      return {
        decided: true,
        allowed: message.allowed,
        wouldExceed: message.wouldExceed,
        remaining: message.remaining,
        status: quotaStatusOf(message.status),
      };
    } catch (error) {
      if (!(error instanceof QuotaUnavailableError) || this.#checkPolicy === "throw") throw error;
      const undecided: UndecidedCheck = { decided: false, allowed: this.#checkPolicy === "admit", error };
      // As in `record`.
      return undecided as CheckResult<C>;
    }
  }

  /**
   * How a tenant stands with every metric of its plan, sorted by metric.
   *
   * @throws QuotaServiceError
   */
  async status(input: GetStatusInput, options: CallOptions = {}): Promise<readonly QuotaStatus[]> {
    const request = getStatusRequest(input);
    const { message } = await this.#caller.call(QuotaService.method.getStatus, request, callerOptions(options));
    return message.metrics.map(quotaStatusOf);
  }

  /**
   * A tenant's events, fetched page by page as they are read. `options.deadlineMs` holds for each page.
   *
   * @throws QuotaServiceError
   */
  async *events(input: ListEventsInput, options: CallOptions = {}): AsyncGenerator<UsageEvent, void, undefined> {
    for await (const { events } of this.eventPages(input, options)) yield* events;
  }

  /**
   * The same, page by page, with the token at which a later run can go on.
   *
   * @throws QuotaServiceError
   */
  async *eventPages(input: ListEventsInput, options: CallOptions = {}): AsyncGenerator<EventPage, void, undefined> {
    let pageToken = input.pageToken ?? "";
    do {
      const request = listEventsRequest(input, pageToken);
      const { message } = await this.#caller.call(QuotaService.method.listEvents, request, callerOptions(options));
      pageToken = message.nextPageToken;
      yield { events: message.events.map(usageEventOf), nextPageToken: pageToken === "" ? undefined : pageToken };
    } while (pageToken !== "");
  }

  /** Gives the transport's connections back. */
  close(): void {
    this.#transport.close();
  }

  async #answerForService(use: UndecidedUse): Promise<UnrecordedUse> {
    if (this.#recordPolicy === "refuse") return { decided: false, admitted: false, use };
    try {
      await this.#keepUndecided?.(use);
    } catch (cause) {
      throw new UndecidedUseNotKeptError(use, cause);
    }
    return { decided: false, admitted: true, use };
  }
}

function policyOf(call: string, policy: UnavailablePolicy | undefined): UnavailablePolicy {
  if (policy === undefined) return "throw";
  if (policies.includes(policy)) return policy;
  throw new RangeError(`whenUnavailable.${call} is ${JSON.stringify(policy)}; ${policies.join(", ")} are allowed`);
}

function callerOptions({ deadlineMs, signal }: CallOptions, idempotencyKey?: string): CallerOptions {
  return { deadlineMs: deadlineOf(deadlineMs), signal, idempotencyKey };
}
