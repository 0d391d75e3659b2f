import type { DescEnum } from "@bufbuild/protobuf";
import { Role, RoleSchema } from "../../../../gen/quota/v1/api_key_pb.ts";
import {
  ControlObjectKind,
  ControlObjectKindSchema,
  ControlOperation,
  ControlOperationSchema,
} from "../../../../gen/quota/v1/control_change_pb.ts";
import { LimitEnforcement, LimitSource, PeriodKind } from "../../../../gen/quota/v1/usage_pb.ts";

/** The name of a value as the contract has it, without its prefix; the number of one that a later version has added. */
export function contractName(schema: DescEnum, value: number): string {
  return schema.value[value]?.localName ?? String(value);
}

function inWords(schema: DescEnum, value: number): string {
  return contractName(schema, value).toLowerCase().replaceAll("_", " ");
}

export const enforcementNames: Readonly<Record<LimitEnforcement, string>> = {
  [LimitEnforcement.UNSPECIFIED]: "as the plan",
  [LimitEnforcement.HARD]: "HARD",
  [LimitEnforcement.SOFT]: "SOFT",
};

export const enforcementMeanings: Readonly<Record<LimitEnforcement, string>> = {
  [LimitEnforcement.UNSPECIFIED]: "the plan's enforcement, whatever it is at the decision",
  [LimitEnforcement.HARD]: "a use that would exceed the limit is refused",
  [LimitEnforcement.SOFT]: "a use that exceeds the limit is admitted and flagged",
};

export const sourceNames: Readonly<Record<LimitSource, string>> = {
  [LimitSource.UNSPECIFIED]: "unknown",
  [LimitSource.SUBSCRIBED_PLAN]: "subscribed plan",
  [LimitSource.REQUESTED_PLAN]: "plan named in the call",
  [LimitSource.DEFAULT_PLAN]: "default plan",
  [LimitSource.OVERRIDE]: "override",
};

export const periodKindNames: Readonly<Record<PeriodKind, string>> = {
  [PeriodKind.UNSPECIFIED]: "unknown",
  [PeriodKind.HOUR]: "hour",
  [PeriodKind.DAY]: "day",
  [PeriodKind.WEEK]: "week",
  [PeriodKind.MONTH]: "month",
  [PeriodKind.YEAR]: "year",
  [PeriodKind.LIFETIME]: "lifetime",
};

export function objectKindName(kind: ControlObjectKind): string {
  if (kind === ControlObjectKind.API_KEY) return "API key";
  return inWords(ControlObjectKindSchema, kind);
}

const operationNames: Readonly<Record<ControlOperation, string>> = {
  [ControlOperation.UNSPECIFIED]: "unknown",
  [ControlOperation.CREATE]: "created",
  [ControlOperation.UPDATE]: "changed",
  [ControlOperation.DELETE]: "deleted",
  [ControlOperation.REVOKE]: "revoked",
};

export function operationName(operation: ControlOperation): string {
  return operationNames[operation] ?? inWords(ControlOperationSchema, operation);
}

export function roleName(role: Role): string {
  return role === Role.UNSPECIFIED ? "no key" : contractName(RoleSchema, role);
}
