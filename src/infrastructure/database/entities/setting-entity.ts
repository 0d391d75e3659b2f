import { defineEntity, p } from "@mikro-orm/core";

/** What all processes on this database share and nobody configures, such as the key of page tokens. */
export const SettingEntity = defineEntity({
  name: "SettingEntity",
  tableName: "quota_setting",
  properties: {
    name: p.text().primary(),
    value: p.text(),
  },
});
