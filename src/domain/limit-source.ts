/** Where an effective limit came from (R3). */
export const limitSources = ["SUBSCRIBED_PLAN", "REQUESTED_PLAN", "DEFAULT_PLAN", "OVERRIDE"] as const;

export type LimitSource = (typeof limitSources)[number];
