import { p } from "@mikro-orm/core";

/** Milliseconds are what a UUIDv7 carries and what the domain counts in. */
const instantDigits = 3;

export const instantColumn = () => p.datetime(instantDigits);
export const counterColumn = () => p.bigint("bigint");
