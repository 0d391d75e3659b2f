import { join } from "node:path";
import { parseArgs } from "node:util";
import { type ArmGroup, armGroups } from "./arms/arm.ts";

export interface RunOptions {
  readonly dataDir: string;
  readonly repeats: number;
  /** Of measuring, for one arm in one repeat. */
  readonly seconds: number;
  readonly listedEvents: number;
  /** Absent: all. */
  readonly only?: ReadonlySet<ArmGroup>;
  /** By how many microseconds every flush is delayed. */
  readonly flushDelayUs: number;
  readonly isQuick: boolean;
  /** How many events to record and watch the memory; absent: the comparison is run instead. */
  readonly soakEvents?: number;
}

export const usage = `npm run bench -- [options]
  --repeats <n>        interleaved repeats of all arms (5)
  --seconds <n>        measuring time of one arm in one repeat (4)
  --events <n>         events of the long list (10000000; made once for each data folder)
  --only <group,…>     ${armGroups.join(", ")}
  --quick              about a minute: does the harness work, and does group commit gain anything
  --soak <n>           record n events and watch the memory of the server instead
  --flush-delay <µs>   let every flush of the log wait, as on a slower disk (0); results get a name of their own
  --data <folder>      data folder (bench/.data)`;

const full = { repeats: "5", seconds: "4", events: "10000000" };
const quick = { repeats: "1", seconds: "0.5", events: "50000" };

/** @throws Error that says what is wrong with the arguments */
export function parseOptions(args: readonly string[]): RunOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      repeats: { type: "string" },
      seconds: { type: "string" },
      events: { type: "string" },
      only: { type: "string" },
      quick: { type: "boolean", default: false },
      soak: { type: "string" },
      "flush-delay": { type: "string", default: "0" },
      data: { type: "string", default: join(import.meta.dirname, ".data") },
    },
  });
  const defaults = values.quick ? quick : full;
  return {
    dataDir: values.data,
    repeats: atLeast(1, "repeats", values.repeats ?? defaults.repeats),
    seconds: atLeast(0.1, "seconds", values.seconds ?? defaults.seconds),
    listedEvents: atLeast(1_000, "events", values.events ?? defaults.events),
    flushDelayUs: atLeast(0, "flush-delay", values["flush-delay"]),
    isQuick: values.quick,
    ...(values.only === undefined ? {} : { only: groupsIn(values.only) }),
    ...(values.soak === undefined ? {} : { soakEvents: atLeast(1, "soak", values.soak) }),
  };
}

function atLeast(min: number, name: string, text: string): number {
  const value = Number(text);
  if (!(value >= min)) throw new Error(`--${name} ${text}: a number of ${min} or more is needed`);
  return value;
}

function groupsIn(text: string): ReadonlySet<ArmGroup> {
  const names = text.split(",").map((name) => name.trim());
  const unknown = names.find((name) => !armGroups.some((group) => group === name));
  if (unknown !== undefined) throw new Error(`--only ${unknown}: known are ${armGroups.join(", ")}`);
  return new Set(armGroups.filter((group) => names.includes(group)));
}
