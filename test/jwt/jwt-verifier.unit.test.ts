import { createHmac } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { IssuerKeysUnavailableError } from "../../src/domain/errors/availability-errors.ts";
import { fileKeys, type IssuerKeys, remoteKeys } from "../../src/infrastructure/jwt/issuer-keys.ts";
import { JwtVerifier } from "../../src/infrastructure/jwt/jwt-verifier.ts";
import { audience, inSeconds, issuer, TokenIssuer } from "../support/token-issuer.ts";

const options = {
  issuer,
  audience,
  algorithms: ["ES256", "RS256"],
  clockToleranceSeconds: 30,
  roleClaim: "role",
  tenantClaim: "tenant_id",
  roles: new Map([["SERVICE", "SERVICE"]] as const),
};
const someone = { name: "someone", role: "SERVICE" };

let source: TokenIssuer;
let keys: IssuerKeys;
let verifier: JwtVerifier;

beforeEach(async () => {
  source = await TokenIssuer.start();
  keys = remoteKeys(new URL(source.url));
  verifier = new JwtVerifier(keys, options);
});

afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  keys.close();
  await source.stop();
});

const base64url = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
const payload = () => ({ iss: issuer, aud: audience, sub: "someone", role: "SERVICE", exp: inSeconds(300) });

describe("a token", () => {
  it("of the issuer is good, and known afterwards without another look", async () => {
    const token = await source.issue();
    expect(verifier.isCredential(token)).toBe(true);
    expect(verifier.known(token)).toBeUndefined();
    expect(await verifier.verify(token)).toEqual(someone);
    expect(verifier.known(token)).toEqual(someone);
  });

  it("may be for others as well, and from a clock that is a little off", async () => {
    for (const claims of [
      { aud: ["other", audience] },
      { exp: inSeconds(-25) },
      { nbf: inSeconds(25), iat: inSeconds(25) },
    ]) {
      expect(await verifier.verify(await source.issue(claims))).toEqual(someone);
    }
  });

  it.each<[string, Record<string, unknown>]>([
    ["of another issuer", { iss: "https://issuer.example.evil.example" }],
    ["without an issuer", { iss: undefined }],
    ["for others", { aud: "other" }],
    ["for nobody", { aud: undefined }],
    ["that has expired", { exp: inSeconds(-31) }],
    ["that never expires", { exp: undefined }],
    ["that expires in words", { exp: "tomorrow" }],
    ["of the future", { nbf: inSeconds(60) }],
    ["without a role", { role: undefined }],
  ])("%s is not", async (_, claims) => {
    const token = await source.issue(claims);
    expect(await verifier.verify(token)).toBeUndefined();
    expect(verifier.known(token)).toBeUndefined();
  });

  it("signed by a key that the issuer does not have is not", async () => {
    await source.addKey("stranger", "ES256", false);
    expect(await verifier.verify(await source.issue({}, "stranger"))).toBeUndefined();
  });

  it("that was altered is not", async () => {
    const [header, , signature] = (await source.issue()).split(".");
    const altered = `${header}.${base64url({ ...payload(), role: "ADMIN" })}.${signature}`;
    expect(await verifier.verify(altered)).toBeUndefined();
  });

  it("signed in a way that is not taken is not", async () => {
    await source.addKey("other-way", "PS256");
    expect(await verifier.verify(await source.issue({}, "other-way"))).toBeUndefined();
    await source.addKey("rsa", "RS256");
    const again = new JwtVerifier(remoteKeys(new URL(source.url)), options);
    expect(await again.verify(await source.issue({}, "rsa"))).toEqual(someone);
  });

  it("signed by nobody, or by the public key as if it were a secret, is not", async () => {
    const [publicKey] = source.jwks.keys;
    const forged = (alg: string, sign: (text: string) => string) => {
      const text = `${base64url({ alg, kid: "key-1" })}.${base64url(payload())}`;
      return `${text}.${sign(text)}`;
    };
    const secrets = [JSON.stringify(publicKey), String(publicKey?.x), Buffer.from(String(publicKey?.x), "base64url")];
    const tokens = [
      forged("none", () => "AA"),
      forged("ES256", () => "AA"),
      ...secrets.map((secret) =>
        forged("HS256", (text) => createHmac("sha256", secret).update(text).digest("base64url")),
      ),
    ];
    for (const token of tokens) {
      expect(await verifier.verify(token)).toBeUndefined();
      // Even where somebody configured it.
      const careless = new JwtVerifier(keys, { ...options, algorithms: ["HS256", "none", "ES256"] });
      expect(await careless.verify(token)).toBeUndefined();
    }
  });

  it.each(["a.b", "a.b.c.d", "qsk_1234", "a..c", "ä.b.c", ""])("does not look like %j", (text) => {
    expect(verifier.isCredential(text)).toBe(false);
  });

  it.each(["a.b.c", "e30.e30.e30", "eyJhbGciOiJFUzI1NiJ9.bnVsbA.AAAA"])("is no rubbish such as %s", async (text) => {
    expect(await verifier.verify(text)).toBeUndefined();
  });
});

describe("a token that was good", () => {
  it("is looked at again after a minute, and not believed beyond its end", async () => {
    const lasting = await source.issue();
    const short = await source.issue({ exp: inSeconds(-10) });
    for (const token of [lasting, short]) await verifier.verify(token);
    const begin = Date.now();
    vi.useFakeTimers({ toFake: ["Date"] });
    vi.setSystemTime(begin + 21_000);
    expect(verifier.known(lasting)).toEqual(someone);
    expect(verifier.known(short)).toBe("lapsed");
    expect(await verifier.verify(short)).toBeUndefined();
    expect(verifier.known(short)).toBeUndefined();
    vi.setSystemTime(begin + 61_000);
    expect(verifier.known(lasting)).toBe("lapsed");
    expect(await verifier.verify(lasting)).toEqual(someone);
    expect(verifier.known(lasting)).toEqual(someone);
  });
});

describe("a token that lapsed", () => {
  let token: string;

  beforeEach(async () => {
    token = await source.issue({ exp: inSeconds(3_600) });
    await verifier.verify(token);
    const begin = Date.now();
    vi.useFakeTimers({ toFake: ["Date"] });
    vi.setSystemTime(begin + 10 * 60_000);
  });

  it("is looked at once for all calls, of which none is a stranger's meanwhile", async () => {
    const find = vi.spyOn(keys, "find");
    const calls = Array.from({ length: 20 }, () => verifier.verify(token));
    expect(verifier.known(token)).toBe("lapsed");
    expect(new Set(await Promise.all(calls))).toEqual(new Set([someone]));
    expect(find).toHaveBeenCalledTimes(1);
    expect(verifier.known(token)).toEqual(someone);
  });

  it("is no stranger's when the keys cannot be had", async () => {
    source.status = 500;
    await expect(verifier.verify(token)).rejects.toThrow(IssuerKeysUnavailableError);
    expect(verifier.known(token)).toBe("lapsed");
    source.status = 200;
    vi.spyOn(performance, "now").mockReturnValue(performance.now() + 5_001);
    expect(await verifier.verify(token)).toEqual(someone);
  });
});

describe("the issuer's keys", () => {
  it("serve on when the issuer fails, though a stranger's token asks for a key that nobody knows", async () => {
    await source.addKey("stranger", "ES256", false);
    expect(await verifier.verify(await source.issue())).toEqual(someone);
    const begin = Date.now();
    vi.useFakeTimers({ toFake: ["Date"] });
    vi.setSystemTime(begin + 31_000);
    source.status = 500;
    for (let time = 0; time < 5; time += 1) {
      const stranger = await source.issue({ sub: `n${time}` }, "stranger");
      await expect(verifier.verify(stranger)).rejects.toThrow(IssuerKeysUnavailableError);
      expect(await verifier.verify(await source.issue({ sub: `m${time}` }))).toMatchObject({ role: "SERVICE" });
    }
    expect(source.fetches).toBe(2);
    vi.setSystemTime(begin + 5 * 60_000 + 1);
    await expect(verifier.verify(await source.issue())).rejects.toThrow(IssuerKeysUnavailableError);
  });

  it("are fetched once for all tokens, and anew for an unknown key, but not for each", async () => {
    const tokens = await Promise.all(Array.from({ length: 20 }, (_, index) => source.issue({ sub: `n${index}` })));
    await Promise.all(tokens.map((token) => verifier.verify(token)));
    expect(source.fetches).toBe(1);
    await source.addKey("key-2");
    for (let time = 0; time < 5; time += 1) await verifier.verify(await source.issue({ sub: `m${time}` }, "key-2"));
    expect(source.fetches).toBeLessThanOrEqual(2);
  });

  it.each<[string, { readonly status?: number; readonly body?: string }]>([
    ["break the connection off", { status: 0 }],
    ["are not found", { status: 404 }],
    ["are broken", { status: 500 }],
    ["are no keys", { body: "{}" }],
    ["are no JSON", { body: "<html>" }],
  ])("that %s say nothing about a token, and are asked for seldom", async (_, spoiled) => {
    Object.assign(source, spoiled);
    const tokens = await Promise.all(Array.from({ length: 10 }, () => source.issue()));
    for (const token of tokens) await expect(verifier.verify(token)).rejects.toThrow(IssuerKeysUnavailableError);
    expect(source.fetches).toBe(1);
    expect(verifier.known(tokens[0] ?? "")).toBeUndefined();
  });

  it("are asked for again after a while", async () => {
    source.status = 500;
    const token = await source.issue();
    await expect(verifier.verify(token)).rejects.toThrow(IssuerKeysUnavailableError);
    source.status = 200;
    vi.spyOn(performance, "now").mockReturnValue(performance.now() + 5_001);
    expect(await verifier.verify(token)).toEqual(someone);
  });
});

describe("keys in a file", () => {
  let folder: string;
  let file: string;
  const lines: Record<string, unknown>[] = [];
  const log = pino({ level: "info" }, { write: (line: string) => void lines.push(JSON.parse(line)) });

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "quota-test-jwks-"));
    file = join(folder, "jwks.json");
    lines.length = 0;
  });

  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  it("are taken, and those of a changed file too, but not those of a broken one", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    await writeFile(file, JSON.stringify(source.jwks));
    const own = await fileKeys(file, log);
    const verified = async (kid: string) =>
      await new JwtVerifier(own, options).verify(await source.issue({ sub: "someone" }, kid));
    expect(await verified("key-1")).toEqual(someone);
    await source.addKey("key-2");
    expect(await verified("key-2")).toBeUndefined();
    await writeFile(file, JSON.stringify(source.jwks));
    const looked = async (isDone: () => boolean) => {
      await vi.waitUntil(() => {
        vi.advanceTimersByTime(5_000);
        return isDone();
      });
    };
    await looked(() => lines.some(({ msg }) => msg === "uses new keys of the token issuer"));
    expect(await verified("key-2")).toEqual(someone);
    await writeFile(file, '{"keys": [');
    await looked(() => lines.some(({ msg }) => String(msg).includes("cannot be used")));
    vi.advanceTimersByTime(20_000);
    expect(await verified("key-2")).toEqual(someone);
    expect(lines).toHaveLength(2);
    own.close();
  });

  it.each(["", "{}", "[]", '{"keys": []}', '{"keys": "x"}', "null", "-----BEGIN PRIVATE KEY-----"])(
    "that are none are refused, without a word of what was there: %j",
    async (text) => {
      await writeFile(file, text);
      const refused = `JWT_JWKS_FILE: ${file} holds no JSON Web Key Set with a key in it`;
      await expect(fileKeys(file, log)).rejects.toThrow(new RegExp(`^${refused}$`));
    },
  );

  it("that are missing are refused", async () => {
    await expect(fileKeys(file, log)).rejects.toThrow(`JWT_JWKS_FILE: ${file} cannot be read (ENOENT)`);
  });
});
