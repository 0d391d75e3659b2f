/** How long a counter runs before the next one starts at zero. LIFETIME never ends. */
export const periodKinds = ["HOUR", "DAY", "WEEK", "MONTH", "YEAR", "LIFETIME"] as const;

export type PeriodKind = (typeof periodKinds)[number];
