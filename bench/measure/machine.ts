import { readFileSync } from "node:fs";
import { cpus, loadavg, release, totalmem, type } from "node:os";
import { join } from "node:path";
import type { BenchPostgres } from "../environment/bench-postgres.ts";
import { type DiskFlush, measureDiskFlush } from "./disk-flush.ts";

/** What figures depend on besides the code. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly kernel: string;
  /** At the start; above 0.3 or so something else was at work. */
  readonly loadAverage: number;
  readonly diskFlush: DiskFlush;
  readonly node: string;
  readonly postgres: string;
  readonly grpcJs: string;
  readonly service: string;
  /** Of PostgreSQL, as far as they decide about durability and memory. */
  readonly settings: Readonly<Record<string, string>>;
}

const shownSettings = [
  "fsync",
  "synchronous_commit",
  "full_page_writes",
  "wal_sync_method",
  "shared_buffers",
  "max_wal_size",
];

export async function describeMachine(postgres: BenchPostgres, dataDir: string): Promise<Machine> {
  const [version] = await postgres.query<{ server_version: string }>("show server_version");
  const settings = await postgres.query<{ name: string; value: string }>(
    "select name, current_setting(name) as value from pg_settings where name = any ($1) order by array_position($1, name)",
    [shownSettings],
  );
  const [first] = cpus();
  return {
    cpu: first?.model ?? "unknown",
    cores: cpus().length,
    memoryBytes: totalmem(),
    kernel: `${type()} ${release()}`,
    loadAverage: loadavg()[0] ?? 0,
    diskFlush: await measureDiskFlush(dataDir),
    node: process.versions.node,
    postgres: version?.server_version ?? "unknown",
    grpcJs: versionIn("node_modules/@grpc/grpc-js/package.json"),
    service: versionIn("package.json"),
    settings: Object.fromEntries(settings.map(({ name, value }) => [name, value])),
  };
}

function versionIn(packageFile: string): string {
  const text = readFileSync(join(import.meta.dirname, "../..", packageFile), "utf8");
  const { version } = JSON.parse(text) as { readonly version: string };
  return version;
}
