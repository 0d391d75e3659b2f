import type { BenchPostgres } from "../environment/bench-postgres.ts";

/** What the server has done for its write-ahead log, up to one moment. */
export interface LogReading {
  readonly bytes: number;
  /** By whomever, those who have disconnected included. */
  readonly flushes: number;
  /** Of the clients that are connected, by the port that they come from. */
  readonly flushesByPort: ReadonlyMap<number, number>;
}

const readingSql = `
  select (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::text as bytes,
    (select coalesce(sum(fsyncs), 0) from pg_stat_io where object = 'wal')::text as flushes,
    (select coalesce(json_agg(json_build_array(a.client_port, b.flushes)), '[]')
      from pg_stat_activity a cross join lateral (
        select coalesce(sum(fsyncs), 0) as flushes from pg_stat_get_backend_io(a.pid) where object = 'wal') b
      where a.client_port is not null) as backends`;

export async function readLog(postgres: BenchPostgres): Promise<LogReading> {
  const [row] = await postgres.query<{ bytes: string; flushes: string; backends: [number, number][] }>(readingSql);
  if (row === undefined) throw new Error("a select without a table answered no row");
  return { bytes: Number(row.bytes), flushes: Number(row.flushes), flushesByPort: new Map(row.backends) };
}

/**
 * Flushes between two readings that were not those of strangers: a connection reports what it did at most once a second,
 * and after its last transaction only ten seconds later, when another arm is being measured.
 *
 * @param ownPorts of the connections of the servers that are measured
 */
export function flushesBetween(first: LogReading, last: LogReading, ownPorts: ReadonlySet<number>): number {
  let strangers = 0;
  for (const [port, flushes] of last.flushesByPort) {
    if (!ownPorts.has(port)) strangers += flushes - (first.flushesByPort.get(port) ?? 0);
  }
  return last.flushes - first.flushes - strangers;
}
