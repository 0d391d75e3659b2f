import type { ControlChange } from "../../domain/control-change.ts";
import type { CounterKey } from "../../domain/counter-key.ts";
import { QuotaServiceError } from "../../domain/errors/quota-service-error.ts";
import type { PeriodLookup } from "../../domain/period-calendar.ts";
import type { QuotaStatus } from "../../domain/quota-status.ts";
import type { SeriesWindow } from "../../domain/series-window.ts";
import { shareUsed, type TenantUsage } from "../../domain/tenant-usage.ts";
import type { UsageEvent } from "../../domain/usage-event.ts";
import type { UsageRecord } from "../../domain/usage-record.ts";
import type { UsageRefusal } from "../../domain/usage-refusal.ts";
import type { UsageSeriesPoint } from "../../domain/usage-series.ts";
import type { AdminStorage } from "../../repositories/admin/admin-storage.ts";
import type { ChangeFilter } from "../../repositories/admin/change-listing.ts";
import type { NearLimitFilter } from "../../repositories/admin/near-limit-listing.ts";
import type { RefusalFilter } from "../../repositories/admin/refusal-listing.ts";
import type { TenantsEventFilter } from "../../repositories/admin/tenants-event-listing.ts";
import { positionOfRecord, type UsageRecordFilter } from "../../repositories/admin/usage-record-listing.ts";
import type { UsageSnapshot } from "../../repositories/usage-repository.ts";
import { type Page, type PageRequest, pageOf } from "../page.ts";
import type { PageTokens } from "../page-tokens.ts";
import { QuotaView } from "../quota-view.ts";
import { rerunAfterLostRace } from "../storage-failures.ts";
import * as cursors from "./cursors.ts";

export interface UsageSeries {
  /** One for each window. */
  readonly points: readonly UsageSeriesPoint[];
  /** Absent when the tenant has no plan, or its plan lacks the metric. */
  readonly status?: QuotaStatus;
}

/**
 * Reads across all tenants. Writes nothing, holds nothing.
 *
 * Every method throws DatabaseUnavailableError, and every list PageTokenInvalidError.
 */
export class AdminService {
  readonly #storage: AdminStorage;
  readonly #tokens: PageTokens;
  readonly #periodAt: PeriodLookup;

  constructor(storage: AdminStorage, tokens: PageTokens, periodAt: PeriodLookup) {
    this.#storage = storage;
    this.#tokens = tokens;
    this.#periodAt = periodAt;
  }

  async listUsageRecords(filter: UsageRecordFilter, page: PageRequest<UsageRecord>): Promise<Page<UsageRecord>> {
    const listing = { name: "usage_records", filters: { ...filter } };
    const after = cursors.readRecordCursor(this.#tokens.read(listing, page.token));
    const rows = await rerunAfterLostRace(() => this.#storage.records.list(filter, after, page.size + 1));
    const cursorAfter = (last: UsageRecord) => cursors.recordCursor(positionOfRecord(last, filter.order));
    return pageOf(rows, page, (last) => this.#tokens.issue(listing, cursorAfter(last)));
  }

  async listUsageEvents(filter: TenantsEventFilter, page: PageRequest<UsageEvent>): Promise<Page<UsageEvent>> {
    const listing = { name: "usage_events", filters: { ...filter } };
    const after = cursors.readEventCursor(this.#tokens.read(listing, page.token));
    const rows = await rerunAfterLostRace(() => this.#storage.events.list(filter, after, page.size + 1));
    return pageOf(rows, page, (last) => this.#tokens.issue(listing, cursors.eventCursor(last)));
  }

  async listRefusals(filter: RefusalFilter, page: PageRequest<UsageRefusal>): Promise<Page<UsageRefusal>> {
    const listing = { name: "refusals", filters: { ...filter } };
    const after = cursors.readRefusalCursor(this.#tokens.read(listing, page.token));
    const rows = await rerunAfterLostRace(() => this.#storage.refusals.list(filter, after, page.size + 1));
    return pageOf(rows, page, (last) => this.#tokens.issue(listing, cursors.refusalCursor(last)));
  }

  async listTenantsNearLimit(filter: NearLimitFilter, page: PageRequest<TenantUsage>): Promise<Page<TenantUsage>> {
    const listing = { name: "tenants_near_limit", filters: { ...filter } };
    const after = cursors.readNearLimitCursor(this.#tokens.read(listing, page.token));
    const rows = await rerunAfterLostRace(() => this.#storage.nearLimit.list(filter, after, page.size + 1));
    const cursorAfter = ({ tenantId, status }: TenantUsage) =>
      cursors.nearLimitCursor({ share: shareUsed(status), tenantId, metricCode: status.metricCode });
    return pageOf(rows, page, (last) => this.#tokens.issue(listing, cursorAfter(last)));
  }

  /** @param windows in order and without gaps, at most 1,000 */
  async getUsageSeries(key: CounterKey, windows: readonly SeriesWindow[]): Promise<UsageSeries> {
    const { points, snapshot } = await rerunAfterLostRace(() => this.#storage.series.readSeries(key, windows));
    const status = this.#statusIn(snapshot, key);
    return status === undefined ? { points } : { points, status };
  }

  async listChanges(filter: ChangeFilter, page: PageRequest<ControlChange>): Promise<Page<ControlChange>> {
    const listing = { name: "changes", filters: { ...filter } };
    const afterId = this.#tokens.read(listing, page.token);
    const rows = await rerunAfterLostRace(() => this.#storage.changes.list(filter, afterId, page.size + 1));
    return pageOf(rows, page, (last) => this.#tokens.issue(listing, last.id));
  }

  #statusIn(snapshot: UsageSnapshot, key: CounterKey): QuotaStatus | undefined {
    const view = new QuotaView(snapshot, this.#periodAt);
    try {
      return view.statusOf(key, view.limitOf(key));
    } catch (error) {
      // No plan, or none with this metric: there is no line to draw, and the usage stands for itself.
      if (error instanceof QuotaServiceError) return undefined;
      throw error;
    }
  }
}
