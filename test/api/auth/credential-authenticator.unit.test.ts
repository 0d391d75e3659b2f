import { beforeEach, describe, expect, it } from "vitest";
import { CredentialAuthenticator, type CredentialVerifier } from "../../../src/api/auth/credential-authenticator.ts";
import { FailedAttempts, failedAttemptsMax } from "../../../src/api/auth/failed-attempts.ts";
import {
  CallerThrottledError,
  CredentialInvalidError,
  CredentialMissingError,
} from "../../../src/domain/errors/access-errors.ts";
import { DatabaseUnavailableError } from "../../../src/domain/errors/availability-errors.ts";
import type { Principal } from "../../../src/domain/principal.ts";

const principal: Principal = { role: "SERVICE", name: "api" };
const peer = "10.0.0.1";
const caller = (authorization: string | undefined, from = peer) => ({
  authorization,
  host: "quota.example",
  peer: from,
});

let known: Principal | "lapsed" | undefined;
let verified: () => Promise<Principal | undefined>;
let asked: string[];
let authenticator: CredentialAuthenticator;

beforeEach(() => {
  known = undefined;
  verified = async () => principal;
  asked = [];
  const verifier: CredentialVerifier = {
    isCredential: (text) => text.startsWith("k_"),
    known: () => known,
    verify: async (credential) => {
      asked.push(credential);
      return await verified();
    },
  };
  authenticator = new CredentialAuthenticator([verifier], new FailedAttempts(() => 0));
});

/** The call as a promise, whether it is answered at once or not. */
async function authenticate(authorization: string | undefined, from?: string): Promise<Principal> {
  return await authenticator.authenticate(caller(authorization, from));
}

async function fail(times: number, from?: string): Promise<void> {
  verified = async () => undefined;
  for (let time = 0; time < times; time += 1) {
    await expect(authenticate("Bearer k_wrong", from)).rejects.toThrow(CredentialInvalidError);
  }
}

describe("a credential", () => {
  it("that is known is believed at once, without a promise", () => {
    known = principal;
    expect(authenticator.authenticate(caller("Bearer k_1"))).toBe(principal);
    expect(asked).toEqual([]);
  });

  it("that is not known is asked about", async () => {
    expect(await authenticate("Bearer k_1")).toBe(principal);
    expect(await authenticate("bearer  k_2")).toBe(principal);
    expect(asked).toEqual(["k_1", "k_2"]);
  });

  it.each([undefined, ""])("that is missing is missing: %j", async (authorization) => {
    await expect(authenticate(authorization)).rejects.toThrow(CredentialMissingError);
  });

  it.each([
    "k_1",
    "Bearer",
    "Bearer ",
    "Basic azox",
    "Bearer k_1 k_2",
    "Bearer k_1,k_2",
    "Bearer k_ü",
    "Bearer other",
    `Bearer k_${"a".repeat(8_192)}`,
  ])("of another form is not valid, and nobody is asked: %j", async (authorization) => {
    await expect(authenticate(authorization)).rejects.toThrow(CredentialInvalidError);
    expect(asked).toEqual([]);
  });

  it("that cannot be asked about now is neither valid nor counted", async () => {
    verified = () => Promise.reject(new DatabaseUnavailableError(undefined));
    for (let time = 0; time <= failedAttemptsMax; time += 1) {
      await expect(authenticate("Bearer k_1")).rejects.toThrow(DatabaseUnavailableError);
    }
  });

  it("that fails says the same whatever is wrong with it", async () => {
    verified = async () => undefined;
    const texts = await Promise.all(
      ["Bearer k_1", "Bearer other", "Basic azox"].map((text) =>
        authenticate(text).catch((error: Error) => error.message),
      ),
    );
    expect(new Set(texts).size).toBe(1);
  });
});

describe("a peer that failed too often", () => {
  it.each(["Bearer k_right", "Bearer other"])("is held back before anybody is asked: %s", async (authorization) => {
    await fail(failedAttemptsMax);
    verified = async () => principal;
    asked = [];
    await expect(authenticate(authorization)).rejects.toThrow(CallerThrottledError);
    expect(asked).toEqual([]);
    expect(await authenticate("Bearer k_right", "10.0.0.2")).toBe(principal);
  });

  it("is held back no further in what is known to be good, and what was the last time is asked about", async () => {
    await fail(failedAttemptsMax);
    known = principal;
    expect(await authenticate("Bearer k_right")).toBe(principal);
    known = "lapsed";
    verified = async () => principal;
    expect(await authenticate("Bearer k_right")).toBe(principal);
  });

  it("may fail in words of its own no more often", async () => {
    for (let time = 0; time < failedAttemptsMax; time += 1) {
      await expect(authenticate("Basic azox")).rejects.toThrow(CredentialInvalidError);
    }
    await expect(authenticate("Basic azox")).rejects.toThrow(CallerThrottledError);
    await expect(authenticate(undefined)).rejects.toThrow(CredentialMissingError);
  });
});
