import { describe, expect, it } from "vitest";
import { FailedAttempts, failedAttemptsMax } from "../../../src/api/auth/failed-attempts.ts";
import { CallerThrottledError } from "../../../src/domain/errors/access-errors.ts";

function failing(attempts: FailedAttempts, peer: string, times: number): void {
  for (let time = 0; time < times; time += 1) attempts.failed(peer);
}

describe("failed attempts of one peer", () => {
  it("are bounded, come back one a second, and are no other peer's", () => {
    let now = 0;
    const attempts = new FailedAttempts(() => now);
    failing(attempts, "10.0.0.1", failedAttemptsMax - 1);
    attempts.assertMayTry("10.0.0.1");
    attempts.failed("10.0.0.1");
    expect(() => attempts.assertMayTry("10.0.0.1")).toThrow(CallerThrottledError);
    attempts.assertMayTry("10.0.0.2");
    now = 999;
    expect(() => attempts.assertMayTry("10.0.0.1")).toThrow(CallerThrottledError);
    now = 1_000;
    attempts.assertMayTry("10.0.0.1");
    attempts.failed("10.0.0.1");
    expect(() => attempts.assertMayTry("10.0.0.1")).toThrow(CallerThrottledError);
  });

  it("that were under way at once count all, and are forgiven in the end", () => {
    let now = 0;
    const attempts = new FailedAttempts(() => now);
    failing(attempts, "10.0.0.1", 5_000);
    now = 600_000;
    expect(() => attempts.assertMayTry("10.0.0.1")).toThrow(CallerThrottledError);
    now = 601_000;
    attempts.assertMayTry("10.0.0.1");
  });

  it("do not fill the memory: of very many peers those that failed last are remembered", () => {
    const attempts = new FailedAttempts(() => 0);
    failing(attempts, "first", failedAttemptsMax);
    for (let peer = 0; peer < 10_000; peer += 1) attempts.failed(`peer ${peer}`);
    attempts.assertMayTry("first");
    failing(attempts, "last", failedAttemptsMax);
    expect(() => attempts.assertMayTry("last")).toThrow(CallerThrottledError);
  });
});
