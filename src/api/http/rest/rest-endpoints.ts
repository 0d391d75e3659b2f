import { create, type Message } from "@bufbuild/protobuf";
import {
  CheckQuotaRequestSchema,
  type CheckQuotaResponse,
  GetStatusRequestSchema,
  type GetStatusResponse,
  QuotaService,
} from "../../../../gen/quota/v1/quota_service_pb.ts";
import { amountMax, counterMax, requestBytesMax } from "../../../domain/bounds.ts";
import { echoOf, quoted } from "../../../domain/echo.ts";
import { type FieldViolation, InvalidRequestError } from "../../../domain/errors/invalid-request-error.ts";
import { messageOfJson } from "../../decoding/decode-json.ts";
import type { JsonLoss } from "../../decoding/json-losses.ts";
import { shown } from "../../decoding/json-violations.ts";
import { isJsonObject, type JsonObject, readJson } from "../../decoding/read-json.ts";
import { enforcementsByNumber } from "../../mapping/enums.ts";
import { answerCall, type CallableRpc, type Outcome, type ServingContext } from "../answer-call.ts";
import { decompress, encodingsTold, isKnownEncoding } from "../decompress.ts";
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
const amountAllowed = `a whole number from 1 to ${amountMax}`;
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
    const encoding = contentEncodingOf(exchange);
    if (contentType !== undefined && !isKnownEncoding(encoding)) {
      const message = `the encoding ${quoted(encoding)} is not known; known are ${encodingsTold}`;
      const headers = { "accept-encoding": encodingsTold };
      return exchange.noCall(restError(415, "UNSUPPORTED_MEDIA_TYPE", message, {}, headers));
    }
    let isRead = false;
    const readRequest = async (): Promise<Message> => {
      const request = await endpoint.readRequest(exchange);
      isRead = true;
      return request;
    };
    const write = ({ status, message }: Outcome): Answer =>
      status === undefined
        ? jsonAnswer(200, endpoint.body(message), { "cache-control": "no-store" })
        : restErrorOf(status, isRead ? tenantIdHeader : "tenant_id");
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
  const body = await decompress(await readBody(exchange, requestBytesMax), contentEncodingOf(exchange));
  const { value, losses } = readJson(body);
  const told = losses.map((loss) => (isOfAmount(loss) ? { ...loss, advice: `${amountAllowed} is allowed` } : loss));
  const isAmountTold = told.some(isOfAmount);
  if (isJsonObject(value)) {
    refuse([...unknownNames(Object.keys(value), checkNames), ...(isAmountTold ? [] : noPlainNumber(value))]);
  }
  const request = messageOfJson(CheckQuotaRequestSchema, { value, losses: told });
  request.tenantId = tenantIdOf(exchange);
  return request;
}

function unknownNames(names: readonly string[], known: readonly string[]): FieldViolation[] {
  const told = known.length === 0 ? "there are none" : `known are ${known.join(", ")}`;
  return names
    .filter((name) => !known.includes(name))
    .map((name) => ({ field: echoOf(name), description: `is not known; ${told}` }));
}

/** The text of the request says more about the amount than is left of it. */
function isOfAmount({ path, lost }: JsonLoss): boolean {
  return lost !== undefined && path.length === 1 && path[0] === "amount";
}

/**
 * The JSON of protobuf takes numbers as text too; these endpoints have their numbers plain, in both directions. An amount
 * that is left out is for the RPC to refuse, and so is one that is a whole number, but out of bounds.
 */
function noPlainNumber({ amount }: JsonObject): FieldViolation[] {
  if (amount === undefined || amount === null || Number.isSafeInteger(amount)) return [];
  return [{ field: "amount", description: `is ${shown(amount)}, not ${amountAllowed}` }];
}

/** Empty is how some clients say that there is none. */
function contentEncodingOf(exchange: Exchange): string {
  return exchange.header("content-encoding")?.trim().toLowerCase() || "identity";
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
