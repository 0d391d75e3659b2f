import { createGrpcTransport, createConnectTransport as createNodeTransport } from "@connectrpc/connect-node";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-web";
import { credentials } from "@grpc/grpc-js";
import type { TestApp } from "../../../test/support/test-app.ts";
import { connectTransport } from "../src/connect.ts";
import { grpcTransport } from "../src/grpc.ts";
import type { QuotaTransport } from "../src/transport.ts";

/** A way to reach the service: a door of it, and a transport to an address. */
export interface Way {
  readonly door: (app: TestApp) => string;
  readonly to: (address: string) => QuotaTransport;
}

const grpcDoor = ({ address }: TestApp) => address;
const httpDoor = ({ httpUrl }: TestApp) => new URL(httpUrl).host;
const baseUrl = (address: string) => `http://${address}`;

export const ways: Readonly<Record<string, Way>> = {
  "grpc-js": { door: grpcDoor, to: (address) => grpcTransport({ address, credentials: credentials.createInsecure() }) },
  "gRPC of connect-node": {
    door: grpcDoor,
    to: (address) => connectTransport(createGrpcTransport({ baseUrl: baseUrl(address) })),
  },
  "Connect of connect-node, HTTP/2": {
    door: httpDoor,
    to: (address) => connectTransport(createNodeTransport({ baseUrl: baseUrl(address), httpVersion: "2" })),
  },
  "Connect of connect-web, JSON": {
    door: httpDoor,
    to: (address) => connectTransport(createConnectTransport({ baseUrl: baseUrl(address) })),
  },
  "Connect of connect-web, GET": {
    door: httpDoor,
    to: (address) =>
      connectTransport(createConnectTransport({ baseUrl: baseUrl(address), useBinaryFormat: true, useHttpGet: true })),
  },
  "gRPC-Web of connect-web": {
    door: httpDoor,
    to: (address) => connectTransport(createGrpcWebTransport({ baseUrl: baseUrl(address) })),
  },
};
