/** A tenant of the demonstration, and how it behaves. */
export interface DemoTenant {
  readonly tenantId: string;
  readonly planCode: "starter" | "team" | "pro" | "enterprise";
  readonly timeZone: string;
  /** What its events say they come from. */
  readonly source: string;
  /** 1 uses its plan up by about the end of the month. */
  readonly pace: number;
  readonly dailyCalls: number;
  readonly dailyProducts: number;
  readonly dailyExports: number;
}

/** Numbers from 0 to 1 that are the same in every run (mulberry32). */
export function numbersFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const random = numbersFrom(20_261_101);

function digits(count: number): string {
  return Array.from({ length: count }, () => Math.floor(random() * 16).toString(16)).join("");
}

function uuid(): string {
  return `${digits(8)}-${digits(4)}-4${digits(3)}-a${digits(3)}-${digits(12)}`;
}

const zones = ["Europe/Berlin", "America/New_York", "Asia/Tokyo", "Europe/Lisbon", "America/Sao_Paulo", "Asia/Kolkata"];
const sources = ["catalogue-import", "web-shop", "nightly-sync", "mobile-app", "partner-api"];

/** What a plan's limits come to, a day. */
const paces = {
  starter: { dailyCalls: 33, dailyProducts: 1.6, dailyExports: 7 },
  team: { dailyCalls: 660, dailyProducts: 20, dailyExports: 30 },
  pro: { dailyCalls: 3_300, dailyProducts: 165, dailyExports: 120 },
  enterprise: { dailyCalls: 90_000, dailyProducts: 900, dailyExports: 0 },
};

const planCodes = ["team", "team", "starter", "pro", "starter", "team", "enterprise", "starter"] as const;
const tenantCount = 26;

/** Some about to reach their limits, some far from them, one in each zone. */
export const demoTenants: readonly DemoTenant[] = Array.from({ length: tenantCount }, (_, index) => {
  const planCode = planCodes[index % planCodes.length] ?? "starter";
  return {
    tenantId: uuid(),
    planCode,
    timeZone: zones[index % zones.length] ?? "UTC",
    source: sources[index % sources.length] ?? "import",
    pace: index === 0 ? 1.25 : 0.25 + random() * 0.95,
    ...paces[planCode],
  };
});
