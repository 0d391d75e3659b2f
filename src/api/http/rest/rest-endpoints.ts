import { create, type Message } from "@bufbuild/protobuf";
import {
  CheckQuotaRequestSchema,
  type CheckQuotaResponse,
  GetStatusRequestSchema,
  type GetStatusResponse,
  QuotaService,
} from "../../../../gen/quota/v1/quota_service_pb.ts";
import { counterMax, requestBytesMax } from "../../../domain/bounds.ts";
import { echoOf, quoted } from "../../../domain/echo.ts";
import { type FieldViolation, InvalidRequestError } from "../../../domain/errors/invalid-request-error.ts";
import { messageOfJson } from "../../decoding/decode-json.ts";
import { isJsonObject, type JsonObject, readJson } from "../../decoding/read-json.ts";
import { enforcementsByNumber } from "../../mapping/enums.ts";
import { answerCall, type CallableRpc, type Outcome, type ServingContext } from "../answer-call.ts";
import { type Answer, type Exchange, jsonAnswer } from "../exchange.ts";
import { readBody } from "../read-body.ts";
import { restError, restErrorOf } from "./rest-error.ts";
import { tenantIdHeader } from "./tenant-header.ts";

/** One path of the original design. It ends in a slash. */
interface RestEndpoint {
  readonly path: string;
  readonly methods: readonly string[];
  readonly contentType?: RegExp;
  readonly rpc: CallableRpc;
  readRequest(exchange: Exchange): Promise<Message>;
  body(response: Message): unknown;
}

const jsonContentType = /^application\/json(?:\s*;\s*charset="?utf-?8"?)?$/i;
const checkNames = ["metric_code", "amount"] as const;

/** The two endpoints of the original design, each an RPC in other clothes: same rules, same roles, same errors. */
export class RestEndpoints {
  readonly #endpoints: readonly RestEndpoint[];
  readonly #serving: ServingContext;

  /** @param rpcs all that are served; those needed here are among them */
  constructor(rpcs: readonly CallableRpc[], serving: ServingContext) {
    this.#serving = serving;
    this.#endpoints = [
      {
        path: "/api/quota/status/",
        methods: ["GET", "HEAD"],
        rpc: rpcOf(rpcs, QuotaService.method.getStatus),
        readRequest: async (exchange) => {
          refuse(unknownNames([...new URLSearchParams(exchange.query).keys()], []));
          return create(GetStatusRequestSchema, { tenantId: tenantIdOf(exchange) });
        },
        // Of this RPC's own output.
        body: (response) => statusBody(response as GetStatusResponse),
      },
      {
        path: "/api/quota/check/",
        methods: ["POST"],
        contentType: jsonContentType,
        rpc: rpcOf(rpcs, QuotaService.method.checkQuota),
        readRequest: readCheck,
        body: (response) => checkBody(response as CheckQuotaResponse),
      },
    ];
  }

  /** Undefined when the path is none of theirs. */
  answer(exchange: Exchange): Promise<Answer> | Answer | undefined {
    const { path, query } = exchange;
    if (!path.startsWith("/api/quota/")) return undefined;
    const endpoint = this.#endpoints.find((known) => known.path === path);
    if (endpoint !== undefined) return this.#call(endpoint, exchange);
    const slashed = `${path}/`;
    return this.#endpoints.some((known) => known.path === slashed)
      ? { status: 308, headers: { location: `${slashed}${query}` } }
      : exchange.noCall(restError(404, "NOT_FOUND", "there is no such endpoint"));
  }

  async #call(endpoint: RestEndpoint, exchange: Exchange): Promise<Answer> {
    const { methods, contentType, path, rpc } = endpoint;
    if (!methods.includes(exchange.method)) {
      const message = `${path} is called by ${methods.join(" or ")}`;
      return exchange.noCall(restError(405, "METHOD_NOT_ALLOWED", message, {}, { allow: methods.join(", ") }));
    }
    if (contentType !== undefined && !contentType.test(exchange.header("content-type")?.trim() ?? "")) {
      return exchange.noCall(restError(415, "UNSUPPORTED_MEDIA_TYPE", "the request must be application/json"));
    }
    const readRequest = (): Promise<Message> => endpoint.readRequest(exchange);
    const write = ({ status, message }: Outcome): Answer =>
      status === undefined
        ? jsonAnswer(200, endpoint.body(message), { "cache-control": "no-store" })
        : restErrorOf(status);
    return await answerCall(rpc, exchange, undefined, { readRequest, write }, this.#serving);
  }
}

function rpcOf(rpcs: readonly CallableRpc[], method: CallableRpc["method"]): CallableRpc {
  const found = rpcs.find((rpc) => rpc.method === method);
  if (found === undefined) throw new Error(`${method.toString()} is not served`);
  return found;
}

/** Empty: the credential's own, or the RPC refuses it. */
function tenantIdOf(exchange: Exchange): string {
  return exchange.header(tenantIdHeader.toLowerCase()) ?? "";
}

/** Read as the RPC's request, of which it is a part: two fields, under the contract's names only. */
async function readCheck(exchange: Exchange): Promise<Message> {
  const { value, losses } = readJson(await readBody(exchange, requestBytesMax));
  if (isJsonObject(value)) refuse([...unknownNames(Object.keys(value), checkNames), ...textForNumber(value)]);
  const request = messageOfJson(CheckQuotaRequestSchema, { value, losses });
  request.tenantId = tenantIdOf(exchange);
  return request;
}

function unknownNames(names: readonly string[], known: readonly string[]): FieldViolation[] {
  const told = known.length === 0 ? "there are none" : `known are ${known.join(", ")}`;
  return names
    .filter((name) => !known.includes(name))
    .map((name) => ({ field: echoOf(name), description: `is not known; ${told}` }));
}

/** The JSON of protobuf takes numbers as text too; these endpoints have their numbers plain, in both directions. */
function textForNumber({ amount }: JsonObject): FieldViolation[] {
  return typeof amount === "string" ? [{ field: "amount", description: `is ${quoted(amount)}, not a number` }] : [];
}

function refuse(violations: readonly FieldViolation[]): void {
  if (violations.length > 0) throw new InvalidRequestError(violations);
}

function statusBody({ metrics }: GetStatusResponse): unknown {
  const plain = metrics.map(({ metricCode, current, limit, remaining, enforcement }) => ({
    metric_code: metricCode,
    current: Number(current),
    limit: numberOrNull(limit),
    remaining: numberOrNull(remaining),
    enforcement: enforcementsByNumber.get(enforcement),
  }));
  return { success: true, data: { metrics: plain } };
}

function checkBody({ wouldExceed, remaining }: CheckQuotaResponse): unknown {
  const told = remaining !== undefined && remaining < remainingMin ? remainingMin : remaining;
  return { would_exceed: wouldExceed, remaining: numberOrNull(told) };
}

/**
 * An amount that a HARD limit would refuse may reach past every counter: the RPC tells exactly how far, down to
 * -(2^53 - 1) - 10^15, where a JSON number would be off by one or two without saying so.
 */
const remainingMin = -counterMax;

/** Unlimited is null. Counters and limits end at 2^53 - 1, so that none of these numbers loses a digit. */
function numberOrNull(value: bigint | undefined): number | null {
  return value === undefined ? null : Number(value);
}
