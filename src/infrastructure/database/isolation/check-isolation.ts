import type pg from "pg";
import { StartError } from "../start-error.ts";
import { policyDefects } from "./policy-defects.ts";
import { rightDefects } from "./right-defects.ts";
import { triggerDefects } from "./trigger-defects.ts";

/**
 * Refuses a database in which a tenant could reach another, or what was acknowledged could be changed, whatever the code above
 * does: a login or role with more rights than it needs, row level security or triggers that are not the code's. Changes nothing.
 *
 * @param client as the serving login, on a database whose schema is the code's
 * @throws StartError with a line for each defect, which says what to do
 */
export async function checkIsolation(client: pg.Client): Promise<void> {
  await client.query("begin read only");
  const defects = [
    ...(await rightDefects(client)),
    ...(await policyDefects(client)),
    ...(await triggerDefects(client)),
  ];
  await client.query("rollback");
  if (defects.length > 0) throw new StartError(defects.map((defect) => `DATABASE_URL: ${defect}`).join("\n"));
}
