import { clearField } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { PeriodKind, UsageEventSchema } from "../../../gen/quota/v1/usage_pb.ts";
import { csvFormat, ndjsonFormat } from "../src/export/event-formats.ts";
import { sampleEvent, sampleTenant } from "./sample-event.ts";

describe("the CSV of an event", () => {
  it("has as many cells as its head", () => {
    const cells = csvFormat.head.trimEnd().split(",").length;
    expect(
      csvFormat
        .line(sampleEvent({ metadata: {} }))
        .trimEnd()
        .split(","),
    ).toHaveLength(cells);
  });

  it("begins with the mark by which spreadsheets know UTF-8", () => {
    expect(csvFormat.head.startsWith("\uFEFFid,created_at,tenant_id,metric_code,amount,usage_after,limit,")).toBe(true);
  });

  it("writes numbers to the last digit, instants in UTC and values by their names", () => {
    const known = `01a20b9b-b1fb-7dac-9412-67e4291f269a,2026-11-24T03:31:22.747Z,${sampleTenant},api_calls,3`;
    expect(csvFormat.line(sampleEvent())).toBe(
      `${known},9007199254740991,9007199254740991,HARD,OVERRIDE,starter,,MONTH,` +
        '2026-11-01T00:00:00.000Z,2026-12-01T00:00:00.000Z,7,,"{""source"":""import, seven""}"\r\n',
    );
  });

  it("leaves the cells of an unlimited event without a period's bounds empty", () => {
    const event = sampleEvent({ periodKind: PeriodKind.LIFETIME });
    for (const name of ["limit", "period_start", "period_end"]) {
      const field = UsageEventSchema.fields.find((candidate) => candidate.name === name);
      if (field === undefined) throw new Error(`no field ${name}`);
      clearField(event, field);
    }
    expect(csvFormat.line(event)).toContain(",9007199254740991,,HARD,OVERRIDE,starter,,LIFETIME,,,7,,");
  });

  it("defuses an idempotency key that is a formula", () => {
    expect(csvFormat.line(sampleEvent({ idempotencyKey: "=cmd" }))).toContain(",7,'=cmd,");
  });
});

describe("the NDJSON of an event", () => {
  it("is one line, in the JSON form of the contract", () => {
    const line = ndjsonFormat.line(sampleEvent({ idempotencyKey: "=cmd", metadata: { text: "two\nlines" } }));
    expect(line.trimEnd()).not.toContain("\n");
    expect(JSON.parse(line)).toMatchObject({
      tenantId: sampleTenant,
      amount: "3",
      usageAfter: "9007199254740991",
      enforcement: "LIMIT_ENFORCEMENT_HARD",
      metadata: { text: "two\nlines" },
      idempotencyKey: "=cmd",
    });
  });
});
