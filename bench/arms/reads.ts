import { checkQuotaRequests, getStatusRequests, type Requests } from "../environment/tenants.ts";
import { measureLoad } from "../measure/measure-load.ts";
import { type Arm, comparedInFlight } from "./arm.ts";
import { usageDatabase } from "./record-usage.ts";

export const checkQuotaArm = "CheckQuota, 1,000 tenants";

export const readArms: readonly Arm[] = [
  readArm(checkQuotaArm, checkQuotaRequests("even")),
  readArm("GetStatus of four metrics, 1,000 tenants", getStatusRequests("even")),
];

function readArm(name: string, requests: Requests): Arm {
  return {
    name,
    group: "reads",
    inFlight: comparedInFlight,
    isQuick: true,
    run: async (bench, timing) =>
      await measureLoad(
        bench,
        {
          servers: [await bench.service(usageDatabase)],
          requests,
          pace: { kind: "closed", inFlight: comparedInFlight },
        },
        timing,
      ),
  };
}
