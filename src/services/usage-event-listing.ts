import { pageBytesMax } from "../domain/bounds.ts";
import type { UsageEvent } from "../domain/usage-event.ts";
import type { EventFilter } from "../repositories/usage-event-repository.ts";
import { type Page, type PageRequest, pageOf } from "./page.ts";
import type { Listing, PageTokens } from "./page-tokens.ts";
import type { UsageEventRecorder } from "./usage-event-recorder.ts";

/** Pages through events (R15). */
export class UsageEventListing {
  readonly #recorder: UsageEventRecorder;
  readonly #tokens: PageTokens;

  constructor(recorder: UsageEventRecorder, tokens: PageTokens) {
    this.#recorder = recorder;
    this.#tokens = tokens;
  }

  /**
   * @param bytesOf the size of an event on the door's wire; a page ends early at 1 MiB of them, never before its first
   * @throws PageTokenInvalidError, DatabaseUnavailableError
   */
  async list(
    filter: EventFilter,
    page: PageRequest,
    bytesOf: (event: UsageEvent) => number,
  ): Promise<Page<UsageEvent>> {
    const listing = listingOf(filter);
    const afterId = this.#tokens.read(listing, page.token);
    const events = await this.#recorder.getEventsForMetric(filter, afterId, page.size + 1);
    const size = Math.min(page.size, countWithin(events, bytesOf));
    return pageOf(events, size, (last) => this.#tokens.issue(listing, last.id));
  }
}

function countWithin(events: readonly UsageEvent[], bytesOf: (event: UsageEvent) => number): number {
  let bytes = 0;
  for (const [index, event] of events.entries()) {
    bytes += bytesOf(event);
    if (bytes > pageBytesMax) return Math.max(index, 1);
  }
  return events.length;
}

function listingOf(filter: EventFilter): Listing {
  return {
    name: "events",
    filters: {
      tenantId: filter.tenantId,
      metricCode: filter.metricCode ?? null,
      createdFrom: filter.createdFrom ?? null,
      createdBefore: filter.createdBefore ?? null,
      order: filter.order,
    },
  };
}
