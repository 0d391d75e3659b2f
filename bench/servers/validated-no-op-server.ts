import { OpenAuthenticator } from "../../src/api/auth/open-authenticator.ts";
import { startGrpcServer } from "../../src/api/grpc/start-grpc-server.ts";
import { endOnSignal, listenAddress, log, servicesWith } from "./bench-shell.ts";
import { sampleReceipt } from "./sample-receipt.ts";

/** The whole door, validation and mapping included, before a service that does nothing. */
const services = servicesWith({ recordUsage: () => Promise.resolve(sampleReceipt) });

await startGrpcServer({
  listen: listenAddress(),
  services,
  authenticator: new OpenAuthenticator(),
  reflection: true,
  log,
});
endOnSignal();
