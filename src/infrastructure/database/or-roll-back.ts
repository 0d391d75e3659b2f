/**
 * Rolls back when the work throws, a failing commit included: only that gives the connection back to the pool. A failing
 * roll-back must not hide why.
 */
export async function orRollBack<T>(transaction: { rollback(): Promise<void> }, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await transaction.rollback().catch(() => undefined);
    throw error;
  }
}
