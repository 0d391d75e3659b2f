/**
 * Every bound of the contract, once. Doors, the plans file and the database constraints use these and no figures of
 * their own; a relation between two bounds that must hold is asserted at load.
 */

/** Largest counter and largest limit: 2^53 - 1, so that a JSON number still carries it exactly. */
export const counterMax = 2n ** 53n - 1n;

/** Smallest and largest amount of one usage event, in units of the metric. */
export const amountMin = 1n;
export const amountMax = 10n ** 15n;

/** Metric codes and plan codes. */
export const codePattern = /^[a-z][a-z0-9_.-]{0,99}$/;
export const codePatternText = "^[a-z][a-z0-9_.-]{0,99}$";

export const idempotencyKeyLengthMax = 128;

/** Metadata, measured as canonical JSON in UTF-8. The root object is depth 1. */
export const metadataBytesMax = 8 * 1024;
export const metadataDepthMax = 8;

export const pageSizeDefault = 100;
export const pageSizeMax = 1_000;
/** A page ends early when its events reach this size on the wire. */
export const pageBytesMax = 1024 * 1024;
export const pageTokenAgeMaxMs = 24 * 60 * 60 * 1_000;
/** A token is some 300 characters; the rest is room for longer filters. */
export const pageTokenLengthMax = 2_048;

export const planLimitsMax = 200;
export const metricFilterMax = 200;
export const displayNameLengthMax = 200;
export const reasonLengthMax = 200;

/** Windows of one usage series. */
export const seriesWindowsMax = 1_000;

/** The share of a limit, in percent, from which on a tenant is near it. */
export const percentUsedDefault = 80;
export const percentUsedMax = 1_000;

/** Identity of a changed object: the longest is a tenant's id, a slash and a metric's code. */
export const controlObjectIdLengthMax = 140;

/** One request message on the wire. */
export const requestBytesMax = 64 * 1024;

/** Instants on input: the range of google.protobuf.Timestamp from the epoch on. */
export const instantMinMs = 0;
export const instantMaxMs = 253_402_300_799_999;

/** How often a batch is run again after a lost race before the caller is told to come back later. */
export const batchRunsMax = 12;

if (amountMax > counterMax) throw new Error("amountMax must fit into a counter");
if (metadataBytesMax >= requestBytesMax) throw new Error("a request must have room for its metadata");
if (pageSizeDefault > pageSizeMax) throw new Error("pageSizeDefault must not exceed pageSizeMax");
