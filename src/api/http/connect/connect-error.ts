import { type DescMessage, fromBinary } from "@bufbuild/protobuf";
import { ConnectError } from "@connectrpc/connect";
import {
  BadRequestSchema,
  ErrorInfoSchema,
  QuotaFailureSchema,
  RetryInfoSchema,
} from "../../../../gen/google/rpc/error_details_pb.ts";
import type { Status } from "../../../../gen/google/rpc/status_pb.ts";

/** With their descriptors, so that an answer in JSON also shows them in a form that people can read. */
const details: readonly DescMessage[] = [ErrorInfoSchema, BadRequestSchema, QuotaFailureSchema, RetryInfoSchema];
const detailsByUrl = new Map(details.map((desc) => [`type.googleapis.com/${desc.typeName}`, desc]));

/** The same status in Connect's terms, whose codes are gRPC's. */
export function connectErrorOf(status: Status): ConnectError {
  const error = new ConnectError(status.message, status.code);
  error.details = status.details.map(({ typeUrl, value }) => {
    const desc = detailsByUrl.get(typeUrl);
    if (desc === undefined) throw new Error(`no door of ours knows the detail ${typeUrl}`);
    return { desc, value: fromBinary(desc, value) };
  });
  return error;
}
