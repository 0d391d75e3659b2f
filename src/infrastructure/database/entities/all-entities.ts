import { ApiKeyEntity } from "./api-key-entity.ts";
import { ControlChangeEntity } from "./control-change-entity.ts";
import { LimitOverrideEntity } from "./limit-override-entity.ts";
import { PlanEntity, PlanLimitEntity } from "./plan-entity.ts";
import { SettingEntity } from "./setting-entity.ts";
import { SubscriptionEntity } from "./subscription-entity.ts";
import { UsageEventEntity } from "./usage-event-entity.ts";
import { UsageRecordEntity } from "./usage-record-entity.ts";
import { UsageRefusalEntity } from "./usage-refusal-entity.ts";

/** Every table of the schema. */
export const entities = [
  PlanEntity,
  PlanLimitEntity,
  SubscriptionEntity,
  LimitOverrideEntity,
  UsageRecordEntity,
  UsageEventEntity,
  UsageRefusalEntity,
  SettingEntity,
  ControlChangeEntity,
  ApiKeyEntity,
];
