import type { UnknownEnum } from "@bufbuild/protobuf";

/** The number of an enum value that only another version of the contract has, as it comes off the wire. */
export function unknownEnum(value: number): UnknownEnum {
  return value as UnknownEnum;
}
