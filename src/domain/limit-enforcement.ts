/** HARD refuses what would exceed the limit. SOFT admits it and flags the answer. */
export const limitEnforcements = ["HARD", "SOFT"] as const;

export type LimitEnforcement = (typeof limitEnforcements)[number];
