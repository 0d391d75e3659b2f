import { quotaStatusMessage } from "../../src/api/mapping/quota-status.ts";
import { usageEventMessage } from "../../src/api/mapping/usage-event.ts";
import { serveRecordUsage } from "./bench-shell.ts";
import { sampleReceipt } from "./sample-receipt.ts";

/** The stack's ceiling: the request is decoded, the answer encoded, and nothing happens between. */
const answer = {
  event: usageEventMessage(sampleReceipt.event),
  status: quotaStatusMessage(sampleReceipt.status),
  overLimit: false,
  replayed: false,
};

await serveRecordUsage(() => Promise.resolve(answer));
