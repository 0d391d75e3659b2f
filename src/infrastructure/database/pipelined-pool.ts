import pg from "pg";

export interface PipelinedPoolOptions {
  readonly url: string;
  readonly max: number;
  readonly connectTimeoutMs: number;
}

/**
 * Connections on which a statement is sent without waiting for the answer of the one before. The ORM's own pool waits for
 * each, and while a busy process gets round to the next answer the database idles.
 */
export function openPipelinedPool(options: PipelinedPoolOptions): pg.Pool {
  const settings: pg.PoolConfig & { readonly pipeline: boolean } = {
    connectionString: options.url,
    max: options.max,
    application_name: "quota",
    connectionTimeoutMillis: options.connectTimeoutMs,
    keepAlive: true,
    pipeline: true,
    // Silence is watched for by PipelinedConnection. The driver's own timer would strike queries of ours that were answered.
    query_timeout: 0,
  };
  const pool = new pg.Pool(settings);
  // A connection that the server drops while it is idle or at work is replaced; its own query fails, if it has one.
  pool.on("connect", (client) => client.on("error", () => undefined));
  pool.on("error", () => undefined);
  return pool;
}
