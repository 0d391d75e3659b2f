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

  /** @throws PageTokenInvalidError, DatabaseUnavailableError */
  async list(filter: EventFilter, page: PageRequest<UsageEvent>): Promise<Page<UsageEvent>> {
    const listing = listingOf(filter);
    const afterId = this.#tokens.read(listing, page.token);
    const events = await this.#recorder.getEventsForMetric(filter, afterId, page.size + 1);
    return pageOf(events, page, (last) => this.#tokens.issue(listing, last.id));
  }
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
