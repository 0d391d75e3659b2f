import { describe, expect, it } from "vitest";
import { commitOrFindOut } from "../../src/infrastructure/database/commit-outcome.ts";
import type { LookUp, OpenTransaction } from "../../src/infrastructure/database/transactions.ts";
import {
  CommitOutcomeUnknownError,
  ConcurrentChangeError,
  StorageUnavailableError,
} from "../../src/repositories/storage-errors.ts";
import { aUsageEvent } from "../support/builders.ts";

const events = [aUsageEvent(), aUsageEvent()];

/** A server that says this of the transaction, and holds so much of what it wrote. */
function serverWith(status: string, stored: number): LookUp {
  const transaction: Pick<OpenTransaction, "query"> = {
    query: async <Row>(sql: string) => [sql.includes("pg_xact_status") ? { status } : { proofs: stored }] as Row[],
  };
  return (work) => work(transaction as OpenTransaction);
}

/** A commit that fails with this; what became of it, only the server knows. */
async function commitFailing(error: Error, server: LookUp, isWritten = true): Promise<void> {
  const attempt = { commit: () => Promise.reject(error), rollback: async () => undefined };
  await commitOrFindOut(attempt, server, isWritten ? { ...written, events } : undefined);
}

const written = { transactionId: "7", isIdBelieved: false };

async function changeFailing(status: string, isIdBelieved: boolean): Promise<void> {
  const attempt = { commit: () => Promise.reject(coded("ECONNRESET")), rollback: async () => undefined };
  await commitOrFindOut(attempt, serverWith(status, 0), { ...written, events: [], isIdBelieved });
}

/** A change of the control plane that added two entries to the audit trail. */
async function auditedChangeFailing(status: string, stored: number): Promise<void> {
  const attempt = { commit: () => Promise.reject(coded("ECONNRESET")), rollback: async () => undefined };
  const changeIds = events.map(({ id }) => id);
  await commitOrFindOut(attempt, serverWith(status, stored), { ...written, events: [], changeIds });
}

function coded(code: string): Error {
  return Object.assign(new Error(code), { code });
}

describe("a commit that fails", () => {
  it.each([
    ...["ECONNRESET", "ENETDOWN", "ECONNABORTED", "EPERM", "EPROTO", "ERR_STREAM_DESTROYED", "ERR_SSL_BAD_RECORD"],
    ...["57P01", "08006", "25P03"],
  ])("with %s was made when its events are there, and not otherwise", async (code) => {
    await commitFailing(coded(code), serverWith("committed", 2));
    await commitFailing(coded(code), serverWith("aborted", 2));
    await expect(commitFailing(coded(code), serverWith("aborted", 0))).rejects.toBeInstanceOf(ConcurrentChangeError);
  });

  it("with an error without a code is asked about as well", async () => {
    await commitFailing(new Error("something new"), serverWith("committed", 2));
  });

  it("is not made because the server calls its id committed, which another transaction may have by now", async () => {
    const failing = commitFailing(coded("ECONNRESET"), serverWith("committed", 0));
    await expect(failing).rejects.toBeInstanceOf(ConcurrentChangeError);
  });

  it("without events remains unknown when its id reads committed, unless nothing is acknowledged by it", async () => {
    await expect(changeFailing("committed", false)).rejects.toBeInstanceOf(CommitOutcomeUnknownError);
    await changeFailing("committed", true);
    await expect(changeFailing("aborted", false)).rejects.toBeInstanceOf(ConcurrentChangeError);
  });

  it("was made when its entries in the audit trail are there, whatever its id reads, and not otherwise", async () => {
    await auditedChangeFailing("committed", 2);
    await auditedChangeFailing("aborted", 2);
    for (const status of ["committed", "aborted"]) {
      await expect(auditedChangeFailing(status, 0)).rejects.toBeInstanceOf(ConcurrentChangeError);
    }
  });

  it("by the server's own refusal is not asked about", async () => {
    const refusal = coded("23505");
    await expect(commitFailing(refusal, serverWith("committed", 2))).rejects.toBe(refusal);
  });

  it("and had written nothing is a lack of means, and nothing is unknown", async () => {
    const failing = commitFailing(coded("ENETDOWN"), serverWith("in progress", 0), false);
    await expect(failing).rejects.toBeInstanceOf(StorageUnavailableError);
  });
});
