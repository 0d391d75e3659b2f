import { type CounterKey, counterKeyText, idempotencyKeyText } from "../domain/counter-key.ts";
import type { UsageAttempt } from "../domain/usage-attempt.ts";
import type { DecisionQuestion } from "../repositories/usage-unit-of-work.ts";

/** An attempt with the texts under which its batch looks up counter and key, made once: a batch asks for them again and again. */
export interface KeyedAttempt {
  readonly attempt: UsageAttempt;
  /** Its `counterKeyText`. */
  readonly counterText: string;
  /** Its `idempotencyKeyText`, if it has a key. */
  readonly keyText: string | undefined;
}

export function keyedAttempt(attempt: UsageAttempt): KeyedAttempt {
  const { tenantId, idempotencyKey } = attempt;
  const keyText = idempotencyKey === undefined ? undefined : idempotencyKeyText({ tenantId, idempotencyKey });
  return { attempt, counterText: counterKeyText(attempt), keyText };
}

/** What has to be read before these attempts can be decided. */
export function questionOf(keyed: readonly KeyedAttempt[], tenantIds: readonly string[]): DecisionQuestion {
  const counters = new Map<string, CounterKey>();
  const planCodes = new Set<string>();
  const keys = new Map<string, { readonly tenantId: string; readonly idempotencyKey: string }>();
  for (const { attempt, counterText, keyText } of keyed) {
    const { tenantId, metricCode, planCode, idempotencyKey } = attempt;
    counters.set(counterText, { tenantId, metricCode });
    if (planCode !== undefined) planCodes.add(planCode);
    if (idempotencyKey !== undefined && keyText !== undefined) keys.set(keyText, { tenantId, idempotencyKey });
  }
  return {
    tenantIds,
    counters: [...counters.values()],
    planCodes: [...planCodes],
    idempotencyKeys: [...keys.values()],
  };
}
