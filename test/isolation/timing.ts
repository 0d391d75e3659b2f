/**
 * Whether two kinds of calls can be told apart by how long they take. A Mann-Whitney test over interleaved samples, so that
 * what slows the machine down slows both; and because with enough samples any two things differ by something, a difference of
 * the medians that is worth looking at besides.
 */

/** Of each kind. */
const samplesPerKind = 250;
const warmUps = 30;

/** Standard deviations of the rank sum: one run in 1,700,000 is so far off by chance. */
const rankDeviationMax = 5;

/**
 * The least difference of the medians that counts. Of two kinds whose medians differ by half, 250 samples each and spread
 * log-normally with a deviation of 0.5, more than 95 of 100 runs are told apart (the unit test simulates them).
 */
const medianRatioMax = 1.35;

type Attempt = () => Promise<unknown>;

/** Times of both in milliseconds, taken in turn. */
export async function interleaved(first: Attempt, second: Attempt): Promise<[number[], number[]]> {
  const times: [number[], number[]] = [[], []];
  for (let sample = -warmUps; sample < samplesPerKind; sample += 1) {
    // Which of the two comes first changes too: the second finds warmer caches.
    for (const kind of sample % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)) {
      const begunAt = performance.now();
      await (kind === 0 ? first : second)();
      if (sample >= 0) times[kind].push(performance.now() - begunAt);
    }
  }
  return times;
}

export function tellApart(first: readonly number[], second: readonly number[]): boolean {
  const ratio = median(first) / median(second);
  return Math.abs(rankDeviation(first, second)) > rankDeviationMax && Math.max(ratio, 1 / ratio) > medianRatioMax;
}

/** How far the rank sum of the first is from what chance would make it, in standard deviations (normal approximation). */
export function rankDeviation(first: readonly number[], second: readonly number[]): number {
  const ranked = [
    ...first.map((time) => ({ time, isFirst: true })),
    ...second.map((time) => ({ time, isFirst: false })),
  ].sort((a, b) => a.time - b.time);
  const rankSum = ranked.reduce((sum, { isFirst }, index) => (isFirst ? sum + index + 1 : sum), 0);
  const [n, m] = [first.length, second.length];
  return (rankSum - (n * (n + m + 1)) / 2) / Math.sqrt((n * m * (n + m + 1)) / 12);
}

function median(times: readonly number[]): number {
  return [...times].sort((a, b) => a - b)[times.length >> 1] ?? Number.NaN;
}
