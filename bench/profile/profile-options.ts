import { join } from "node:path";
import { parseArgs } from "node:util";

export const profiledWorkloads = ["even", "zipf", "hot", "check", "status", "no-op", "list"] as const;

export type ProfiledWorkload = (typeof profiledWorkloads)[number];

export interface ProfileOptions {
  readonly dataDir: string;
  readonly workload: ProfiledWorkload;
  readonly inFlight: number;
  readonly seconds: number;
  /** Functions in the printed table. */
  readonly top: number;
}

export const usage = `npm run bench:profile -- [options]
  --workload <name>    ${profiledWorkloads.join(", ")} (even)
  --in-flight <n>      calls at once (256)
  --seconds <n>        profiled time (8)
  --top <n>            functions shown (40)
  --data <folder>      data folder (bench/.data)`;

/** @throws Error that says what is wrong with the arguments */
export function parseProfileOptions(args: readonly string[]): ProfileOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      workload: { type: "string", default: "even" },
      "in-flight": { type: "string", default: "256" },
      seconds: { type: "string", default: "8" },
      top: { type: "string", default: "40" },
      data: { type: "string", default: join(import.meta.dirname, "../.data") },
    },
  });
  const workload = profiledWorkloads.find((name) => name === values.workload);
  if (workload === undefined)
    throw new Error(`--workload ${values.workload}: known are ${profiledWorkloads.join(", ")}`);
  return {
    dataDir: values.data,
    workload,
    inFlight: Number(values["in-flight"]),
    seconds: Number(values.seconds),
    top: Number(values.top),
  };
}
