import type { ServedService } from "../served-services.ts";
import { callableRpc, type ServingContext } from "./answer-call.ts";
import { connectEndpoint } from "./connect/connect-endpoint.ts";
import { connectProblem } from "./connect/connect-problem.ts";
import { ConnectWriter } from "./connect/connect-writer.ts";
import { type Answer, type Exchange, jsonAnswer } from "./exchange.ts";
import type { Readiness } from "./readiness.ts";
import { RestEndpoints } from "./rest/rest-endpoints.ts";
import type { StaticFiles } from "./static-files.ts";

export type Route = (exchange: Exchange) => Promise<Answer>;

export interface RouteOptions {
  readonly services: readonly ServedService[];
  readonly serving: ServingContext;
  readonly readiness: Readiness;
  readonly console: StaticFiles;
}

/** Which path is answered by what. */
export function routesOf({ services, serving, readiness, console }: RouteOptions): Route {
  const rpcs = services.flatMap((service) => service.rpcs).map((rpc) => callableRpc(rpc, serving.authenticator));
  const writer = new ConnectWriter(services);
  const calls = new Map(rpcs.map((rpc) => [rpc.path, connectEndpoint(rpc, writer, serving)]));
  const rest = new RestEndpoints(rpcs, serving);
  const pages = new Map<string, () => Answer>([
    ["/healthz", () => readiness.live()],
    ["/readyz", () => readiness.ready()],
    ["/", () => ({ status: 302, headers: { location: "/console/" } })],
  ]);

  return async (exchange) => {
    const { path, method } = exchange;
    const call = calls.get(path);
    if (call !== undefined) return await call(exchange);
    const page = pages.get(path);
    if (page !== undefined) return isRead(method) ? page() : exchange.noCall(notAllowed());
    if (console.owns(path)) return console.answer(exchange);
    return (await rest.answer(exchange)) ?? exchange.noCall(connectProblem(404, "there is nothing at this path"));
  };
}

function isRead(method: string): boolean {
  return method === "GET" || method === "HEAD";
}

function notAllowed(): Answer {
  return jsonAnswer(405, { message: "called by GET or HEAD" }, { allow: "GET, HEAD" });
}
