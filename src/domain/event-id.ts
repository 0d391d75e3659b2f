import type { EpochMilliseconds } from "./instant.ts";

/** Draws 74 random bits. */
export type RandomBits = () => bigint;

const randomBitsCount = 74n;
const randomMask = (1n << randomBitsCount) - 1n;
const lowBitsCount = 62n;
const lowMask = (1n << lowBitsCount) - 1n;

/**
 * A UUIDv7 (RFC 9562 §5.7) of this instant that is greater than `lastId`, as R8 demands. Within one millisecond it is the
 * last id plus one, which keeps neighbours together in the index; otherwise its 74 free bits are random.
 *
 * @param instant not before the millisecond of `lastId`; when the free bits of that millisecond are used up the id moves
 *   to the next millisecond, which the caller reads back with `eventIdInstant`
 */
export function eventIdAfter(lastId: string | undefined, instant: EpochMilliseconds, random: RandomBits): string {
  if (lastId === undefined || eventIdInstant(lastId) < instant) return formatEventId(instant, random() & randomMask);
  const free = freeBitsOf(lastId);
  const last = eventIdInstant(lastId);
  return free === randomMask ? formatEventId(last + 1, 0n) : formatEventId(last, free + 1n);
}

/** The millisecond that the id carries. */
export function eventIdInstant(id: string): EpochMilliseconds {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}

/** The smallest UUIDv7 of an instant: every event from then on has a greater or equal id. */
export function eventIdFloor(instant: EpochMilliseconds): string {
  return formatEventId(instant, 0n);
}

function freeBitsOf(id: string): bigint {
  const high = BigInt(`0x${id.slice(15, 18)}`);
  const low = BigInt(`0x${id.slice(19, 23)}${id.slice(24)}`) & lowMask;
  return (high << lowBitsCount) | low;
}

function formatEventId(instant: EpochMilliseconds, free: bigint): string {
  const time = instant.toString(16).padStart(12, "0");
  const high = (free >> lowBitsCount).toString(16).padStart(3, "0");
  const low = ((free & lowMask) | (1n << 63n)).toString(16).padStart(16, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7${high}-${low.slice(0, 4)}-${low.slice(4)}`;
}
