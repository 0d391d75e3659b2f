import type { BenchServerName } from "../environment/service-process.ts";
import { recordUsageRequests } from "../environment/tenants.ts";
import type { LoadJob } from "../load/load-job.ts";
import { measureLoad } from "../measure/measure-load.ts";
import { type Arm, comparedInFlight } from "./arm.ts";

export const noOpArm = "no-op RPC";

/** What the stack could do if recording cost nothing. */
export const ceilingArms: readonly Arm[] = [
  ceilingArm("bare node:http2 answer", "bare-http2"),
  ceilingArm(noOpArm, "no-op"),
  ceilingArm("no-op RPC, called by grpc-js", "no-op", "grpc-js"),
  ceilingArm("no-op RPC, validated and mapped", "validated-no-op"),
];

function ceilingArm(name: string, server: BenchServerName, client: LoadJob["client"] = "frames"): Arm {
  return {
    name,
    group: "ceiling",
    inFlight: comparedInFlight,
    hasCostlyGenerator: client === "grpc-js",
    isQuick: client === "frames",
    run: async (bench, timing) =>
      await measureLoad(
        bench,
        {
          servers: [await bench.server(server)],
          requests: recordUsageRequests("even"),
          pace: { kind: "closed", inFlight: comparedInFlight },
          client,
        },
        timing,
      ),
  };
}
