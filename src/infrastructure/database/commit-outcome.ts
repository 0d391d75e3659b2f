import type { UsageEvent } from "../../domain/usage-event.ts";
import {
  CommitOutcomeUnknownError,
  ConcurrentChangeError,
  StorageUnavailableError,
} from "../../repositories/storage-errors.ts";
import { CommitRolledBackError } from "./commit-rolled-back-error.ts";
import { codeOf, isConnectionLoss } from "./database-errors.ts";
import type { LookUp, OpenTransaction } from "./transactions.ts";

/** How long the server is asked about a commit whose answer was lost, and how often. */
const resolveTimeoutMs = 5_000;
const resolveIntervalMs = 100;

/** PostgreSQL's words for `pg_xact_status`: invalid_parameter_value for an id that it has not handed out. */
const futureTransactionState = "22023";

const sqlStatePattern = /^[0-9A-Z]{5}$/;

export interface CommittableTransaction {
  commit(): Promise<void>;
  rollback(): Promise<void>;
}

/**
 * What a transaction has written, to recognise it by. Its id is no proof: after a crash PostgreSQL hands out again the ids of
 * transactions that had not reached its log, and a standby that takes over does so too. "Committed" may then be said of another.
 */
export interface Written {
  readonly transactionId: string;
  /** The proof, when there are any. */
  readonly events: readonly UsageEvent[];
  /** Entries of the audit trail, which prove a change of the control plane as events prove usage. */
  readonly changeIds?: readonly string[];
  /** What "committed" means without either: believed where nothing is acknowledged (refusals), and unknown otherwise. */
  readonly isIdBelieved: boolean;
}

/**
 * What a transaction of the control plane has written, which its entries of the audit trail prove. Undefined when it only read:
 * the server gives a transaction its id with the first write.
 */
export async function readControlWritten(
  transaction: OpenTransaction,
  changeIds: readonly string[] = [],
): Promise<Written | undefined> {
  const [row] = await transaction.query<{ readonly id: string | null }>(
    "select pg_current_xact_id_if_assigned()::text as id",
    [],
  );
  const transactionId = row?.id ?? undefined;
  return transactionId === undefined ? undefined : { transactionId, events: [], changeIds, isIdBelieved: false };
}

/**
 * Commits, and when the connection is lost meanwhile finds out on a new one what became of the transaction (R14).
 *
 * @param lookUp in the role that wrote it, for which there is what it wrote
 * @param written absent when nothing was written, so that nothing is lost either
 * @throws ConcurrentChangeError when it was not committed: nothing was written, and the work may be run again
 * @throws CommitOutcomeUnknownError when the server cannot be asked in time
 */
export async function commitOrFindOut(
  transaction: CommittableTransaction,
  lookUp: LookUp,
  written: Written | undefined,
): Promise<void> {
  try {
    await transaction.commit();
  } catch (error) {
    if (error instanceof CommitRolledBackError) throw new ConcurrentChangeError(error.message, { cause: error });
    // Only the server's own refusal, by its SQLSTATE, says for certain that nothing was committed.
    const isRefused = sqlStatePattern.test(codeOf(error) ?? "") && !isConnectionLoss(error);
    if (isRefused) throw error;
    if (written === undefined) throw new StorageUnavailableError("the connection was lost", { cause: error });
    // Gives the dead connection back: the pool may have no other for the question.
    await transaction.rollback().catch(() => undefined);
    if (await wasCommitted(lookUp, written, error)) return;
    throw new ConcurrentChangeError("the connection was lost, and the transaction with it", { cause: error });
  }
}

/**
 * What it wrote is there: it was committed. It is not: the server knows whether the transaction was aborted or is still under
 * way, in which case it is asked again.
 */
async function wasCommitted(lookUp: LookUp, written: Written, cause: unknown): Promise<boolean> {
  const deadline = Date.now() + resolveTimeoutMs;
  for (;;) {
    try {
      const answer = await ask(lookUp, written);
      if (answer === "not provable") throw unknownOutcome(cause);
      if (answer !== "in progress") return answer === "committed";
    } catch (error) {
      if (error instanceof CommitOutcomeUnknownError || Date.now() >= deadline) throw unknownOutcome(error);
    }
    if (Date.now() >= deadline) throw unknownOutcome(cause);
    await new Promise((resolve) => setTimeout(resolve, resolveIntervalMs));
  }
}

function unknownOutcome(cause: unknown): CommitOutcomeUnknownError {
  return new CommitOutcomeUnknownError("the commit's outcome is not known", { cause });
}

async function ask(
  lookUp: LookUp,
  { transactionId, events, changeIds = [], isIdBelieved }: Written,
): Promise<TransactionStatus | "not provable"> {
  const status = await statusOf(lookUp, transactionId);
  if (status === "in progress") return status;
  if (events.length + changeIds.length === 0) return status === "committed" && !isIdBelieved ? "not provable" : status;
  return await lookUp(async (transaction) => {
    const proofs = (await countEvents(transaction, events)) + (await countEntries(transaction, changeIds));
    return proofs === events.length + changeIds.length ? "committed" : "aborted";
  });
}

interface Count {
  readonly proofs: number;
}

/** Who changes keys may not ask for events at all. */
async function countEvents(transaction: OpenTransaction, events: readonly UsageEvent[]): Promise<number> {
  if (events.length === 0) return 0;
  const [found] = await transaction.query<Count>(
    `select count(*)::int as proofs from unnest($1::uuid[], $2::uuid[]) as k (tenant_id, id)
      join quota_usage_event e on e.tenant_id = k.tenant_id and e.id = k.id`,
    [events.map((event) => event.tenantId), events.map((event) => event.id)],
  );
  return found?.proofs ?? 0;
}

async function countEntries(transaction: OpenTransaction, changeIds: readonly string[]): Promise<number> {
  if (changeIds.length === 0) return 0;
  const [found] = await transaction.query<Count>(
    "select count(*)::int as proofs from quota_control_change where id = any ($1::uuid[])",
    [changeIds],
  );
  return found?.proofs ?? 0;
}

type TransactionStatus = "committed" | "aborted" | "in progress";

async function statusOf(lookUp: LookUp, transactionId: string): Promise<TransactionStatus> {
  try {
    return await lookUp(async (transaction) => {
      const [row] = await transaction.query<{ readonly status: string | null }>(
        "select pg_xact_status($1::xid8) as status",
        [transactionId],
      );
      // Null: so long ago that the server has forgotten; the events then tell.
      return row?.status === "in progress" || row?.status === "committed" ? row.status : "aborted";
    });
  } catch (error) {
    // A server restored from before the transaction has never heard of it.
    if (codeOf(error) === futureTransactionState) return "aborted";
    throw error;
  }
}
