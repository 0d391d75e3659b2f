import { expect, it } from "vitest";
import { UnsentAnswers } from "../../../src/api/abuse/unsent-answers.ts";
import { CallerThrottledError } from "../../../src/domain/errors/access-errors.ts";
import { OverloadedError } from "../../../src/domain/errors/availability-errors.ts";

const mebibyte = 1_024 * 1_024;

it("refuses a connection that leaves more than 8 MiB unread, no other, and it only until they are read", () => {
  const unsent = new UnsentAnswers();
  for (let page = 0; page < 8; page += 1) unsent.add("10.0.0.1:1", mebibyte);
  unsent.requireRoom("10.0.0.1:1");
  unsent.add("10.0.0.1:1", 1);
  expect(() => unsent.requireRoom("10.0.0.1:1")).toThrow(CallerThrottledError);
  unsent.requireRoom("10.0.0.1:2");
  unsent.taken("10.0.0.1:1", mebibyte);
  unsent.requireRoom("10.0.0.1:1");
});

it("refuses everybody when 128 MiB wait on all connections together", () => {
  const unsent = new UnsentAnswers();
  for (let page = 0; page < 129; page += 1) unsent.add(`10.0.0.1:${page}`, mebibyte);
  expect(() => unsent.requireRoom("10.0.0.2:1")).toThrow(OverloadedError);
  unsent.taken("10.0.0.1:7", mebibyte);
  unsent.requireRoom("10.0.0.2:1");
});

it("keeps nothing of what was taken", () => {
  const unsent = new UnsentAnswers();
  unsent.add("10.0.0.1:1", 10);
  unsent.add("10.0.0.1:1", 20);
  expect(unsent.waitingOn("10.0.0.1:1")).toBe(30);
  unsent.taken("10.0.0.1:1", 10);
  unsent.taken("10.0.0.1:1", 20);
  expect(unsent.waitingOn("10.0.0.1:1")).toBe(0);
});
