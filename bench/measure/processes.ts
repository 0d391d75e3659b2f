import { readdirSync, readFileSync } from "node:fs";

/** What Linux counts, from /proc (proc(5)). Its unit of time is a tick of 10 ms on every machine that we know. */

const tickMs = 10;

interface ProcessTimes {
  readonly parentId: number;
  readonly ownTicks: number;
  /** Of children that have ended. */
  readonly endedChildrenTicks: number;
}

/** User and system time of one process, all threads. */
export function cpuMsOf(processId: number): number {
  return (timesOf(processId)?.ownTicks ?? 0) * tickMs;
}

/** The same for a process and its children, those that have ended included. */
export function cpuMsOfFamily(processId: number): number {
  const parent = timesOf(processId);
  if (parent === undefined) return 0;
  const children = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => timesOf(Number(name)))
    .filter((times) => times?.parentId === processId);
  const ticks = children.reduce((sum, times) => sum + (times?.ownTicks ?? 0), 0);
  return (ticks + parent.ownTicks + parent.endedChildrenTicks) * tickMs;
}

/** Of a process's children that have ended. */
export function cpuMsOfEndedChildren(processId: number): number {
  return (timesOf(processId)?.endedChildrenTicks ?? 0) * tickMs;
}

export function parentOf(processId: number): number {
  const times = timesOf(processId);
  if (times === undefined) throw new Error(`there is no process ${processId}`);
  return times.parentId;
}

/** Resident memory in bytes. */
export function residentBytesOf(processId: number): number {
  const [, kibibytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${processId}/status`, "utf8")) ?? [];
  return Number(kibibytes) * 1024;
}

export interface MachineTimes {
  readonly busyMs: number;
  /** Taken by the hypervisor for others. */
  readonly stolenMs: number;
}

/** Of all cores together. */
export function machineTimes(): MachineTimes {
  const [line = ""] = readFileSync("/proc/stat", "utf8").split("\n");
  const [user = 0, nice = 0, system = 0, , , irq = 0, softIrq = 0, steal = 0] = line.split(/\s+/).slice(1).map(Number);
  return { busyMs: (user + nice + system + irq + softIrq) * tickMs, stolenMs: steal * tickMs };
}

function timesOf(processId: number): ProcessTimes | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${processId}/stat`, "utf8");
  } catch {
    // It ended between being listed and being read.
    return undefined;
  }
  // The second field is the program's name in brackets, which may hold anything.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const field = (number: number) => Number(fields[number - 3]);
  return { parentId: field(4), ownTicks: field(14) + field(15), endedChildrenTicks: field(16) + field(17) };
}
