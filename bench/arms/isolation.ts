import type { Bench } from "../bench.ts";
import { rowsOf, withClient } from "../environment/bench-postgres.ts";
import { recordUsageRequests } from "../environment/tenants.ts";
import { measureLoad } from "../measure/measure-load.ts";
import { type Arm, comparedInFlight } from "./arm.ts";

export const securedArm = "RecordUsage, row level security on";
export const unsecuredArm = "RecordUsage, row level security off";

/** Databases of their own that grow alike, next to each other: the difference looked for is smaller than the noise of an hour. */
export const isolationArms: readonly Arm[] = [
  isolationArm(securedArm, "secured"),
  isolationArm(unsecuredArm, "unsecured"),
];

function isolationArm(name: string, database: "secured" | "unsecured"): Arm {
  return {
    name,
    group: "isolation",
    inFlight: comparedInFlight,
    // The quick form proves that the arms still run; half a second tells nothing about the ratio.
    isQuick: true,
    run: async (bench, timing) => {
      const recordsIn = await bench.database(database);
      // First the service, which does not start on a database without row level security.
      const service = await bench.service(database);
      if (database === "unsecured") await disableRowLevelSecurity(bench);
      return await measureLoad(
        bench,
        {
          servers: [service],
          recordsIn,
          requests: recordUsageRequests("even"),
          pace: { kind: "closed", inFlight: comparedInFlight },
        },
        timing,
      );
    },
  };
}

/** Doing it again changes nothing. */
async function disableRowLevelSecurity(bench: Bench): Promise<void> {
  const { superuserUrl } = await bench.database("unsecured");
  await withClient(superuserUrl, async (client) => {
    const tables = await rowsOf<{ name: string }>(
      client,
      "select oid::regclass::text as name from pg_class where relkind = 'r' and relrowsecurity",
    );
    for (const { name } of tables) {
      await client.query(`alter table ${name} disable row level security, no force row level security`);
    }
  });
}
