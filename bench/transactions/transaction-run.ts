import type { OpenPeriod } from "./statements.ts";

export interface TransactionQuestion {
  readonly url: string;
  readonly period: OpenPeriod;
  /** 1: all clients want the same counter. */
  readonly tenants: number;
  readonly clients: number;
  readonly seconds: number;
}

export interface TransactionRun {
  readonly transactions: number;
  /** Made before, to warm up; absent: none. */
  readonly unmeasured?: number;
  readonly seconds: number;
  /** Mean time of one, in milliseconds. */
  readonly meanMs: number;
}

/** A tool that runs one transaction per event, from so many clients at once. */
export type TransactionTool = (question: TransactionQuestion) => Promise<TransactionRun>;
