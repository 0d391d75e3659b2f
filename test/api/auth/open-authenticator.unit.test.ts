import { describe, expect, it } from "vitest";
import { OpenAuthenticator } from "../../../src/api/auth/open-authenticator.ts";
import { CredentialMissingError } from "../../../src/domain/errors/access-errors.ts";

const callTo = (host: string | undefined) => ({ host, authorization: undefined, peer: "127.0.0.1" });

describe("without authentication", () => {
  const authenticator = new OpenAuthenticator();

  it.each(["localhost", "LOCALHOST:50051", "127.0.0.1", "127.0.0.1:8080", "127.9.9.9:1", "[::1]", "[::1]:50051"])(
    "a call to %s may do everything",
    (host) => {
      expect(authenticator.authenticate(callTo(host))).toEqual({ name: "without authentication" });
      expect(authenticator.authenticate(callTo(host))).toEqual({ name: "without authentication" });
    },
  );

  it.each([
    undefined,
    "",
    "evil.example",
    "evil.example:50051",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "127.0.0.1@evil.example",
    "10.0.0.1:50051",
    "[::2]",
    "::1",
    "[127.0.0.1]",
    "[localhost]",
    "0.0.0.0:50051",
    "2130706433",
    "localhost:50051:1",
    "localhost ",
    "localhost.",
  ])("a call to %j is refused: a page elsewhere may have made it", (host) => {
    for (let time = 0; time < 2; time += 1) {
      expect(() => authenticator.authenticate(callTo(host))).toThrow(CredentialMissingError);
    }
  });
});
