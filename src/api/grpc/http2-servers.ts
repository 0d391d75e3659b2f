import type { Server } from "@grpc/grpc-js";
import { connectionBounds } from "../abuse/connection-bounds.ts";
import type { AcceptingServer, SessionServer } from "../abuse/connection-guard.ts";
import type { StreamServer as BoundedStreamServer } from "./bounded-headers.ts";
import type { StreamServer } from "./one-credential.ts";

export type GrpcHttp2Server = AcceptingServer & SessionServer & StreamServer & BoundedStreamServer;

/**
 * grpc-js has options for a few of HTTP/2's bounds and a way to none of its servers. Both lie in fields that TypeScript
 * alone calls private; a version without them fails here, at the start, and the version is pinned.
 */
interface Insides {
  readonly commonServerOptions?: { settings?: object; maxHeaderListPairs?: number };
  readonly http2Servers?: ReadonlyMap<GrpcHttp2Server, unknown>;
}

/** Bounds the header fields of requests. To be called before the server listens. */
export function boundHeaders(server: Server): void {
  const { commonServerOptions: options } = server as unknown as Insides;
  if (options === undefined) throw new Error("this version of grpc-js keeps its HTTP/2 options elsewhere");
  options.maxHeaderListPairs = connectionBounds.headerPairsMax;
  options.settings = { ...options.settings, maxHeaderListSize: connectionBounds.headerListBytesMax };
}

/** The servers of the addresses that the server listens on. */
export function http2Servers(server: Server): readonly GrpcHttp2Server[] {
  const servers = [...((server as unknown as Insides).http2Servers?.keys() ?? [])];
  if (servers.length === 0) throw new Error("this version of grpc-js keeps its HTTP/2 servers elsewhere");
  return servers;
}
