import { ControlOperation } from "../../../../gen/quota/v1/control_change_pb.ts";
import { LimitEnforcement, LimitSource } from "../../../../gen/quota/v1/usage_pb.ts";
import { enforcementMeanings, enforcementNames, operationName, sourceNames } from "../format/names.ts";

const enforcementTones: Readonly<Record<LimitEnforcement, string>> = {
  [LimitEnforcement.UNSPECIFIED]: "neutral",
  [LimitEnforcement.HARD]: "hard",
  [LimitEnforcement.SOFT]: "soft",
};

export function EnforcementBadge({ enforcement }: { readonly enforcement: LimitEnforcement }) {
  return (
    <span className={`badge badge-${enforcementTones[enforcement]}`} title={enforcementMeanings[enforcement]}>
      {enforcementNames[enforcement]}
    </span>
  );
}

/** Where a limit comes from; an override stands out, for it is what surprises people. */
export function SourceBadge({ source }: { readonly source: LimitSource }) {
  return (
    <span className={`badge badge-${source === LimitSource.OVERRIDE ? "accent" : "neutral"}`}>
      {sourceNames[source]}
    </span>
  );
}

const operationTones: Readonly<Record<ControlOperation, string>> = {
  [ControlOperation.UNSPECIFIED]: "neutral",
  [ControlOperation.CREATE]: "good",
  [ControlOperation.UPDATE]: "accent",
  [ControlOperation.DELETE]: "bad",
  [ControlOperation.REVOKE]: "bad",
};

export function OperationBadge({ operation }: { readonly operation: ControlOperation }) {
  return <span className={`badge badge-${operationTones[operation]}`}>{operationName(operation)}</span>;
}
