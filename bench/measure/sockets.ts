import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** The local ports of a process's TCP connections, from /proc: so the database's connections can be told apart. */
export function localPortsOf(processId: number): Set<number> {
  const inodes = new Set(readdirSync(`/proc/${processId}/fd`).flatMap((name) => inodeOf(processId, name)));
  const ports = new Set<number>();
  for (const line of readFileSync("/proc/net/tcp", "utf8").trim().split("\n").slice(1)) {
    const fields = line.trim().split(/\s+/);
    const [, local = "", , , , , , , , inode = ""] = fields;
    if (inodes.has(inode)) ports.add(Number.parseInt(local.split(":")[1] ?? "", 16));
  }
  return ports;
}

function inodeOf(processId: number, descriptor: string): string[] {
  try {
    const [, inode] = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${processId}/fd/${descriptor}`)) ?? [];
    return inode === undefined ? [] : [inode];
  } catch {
    // It was closed between being listed and being looked at.
    return [];
  }
}
