import { readFile } from "node:fs/promises";
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch,
  errors,
  type JSONWebKeySet,
  type JWTVerifyGetKey,
} from "jose";
import { IssuerKeysUnavailableError } from "../../domain/errors/availability-errors.ts";
import type { Logger } from "../telemetry/logger.ts";

/** The keys that an issuer signs with. */
export interface IssuerKeys {
  /** @throws IssuerKeysUnavailableError when they cannot be had: that says nothing about the token */
  readonly find: JWTVerifyGetKey;
  close(): void;
}

/** A key file that cannot be used. The message is one line for whoever started the service. */
export class KeyFileError extends Error {
  override readonly name = "KeyFileError";
}

/** A key that the issuer takes back is believed in for as long as this, and a minute more. */
const keysAgeMaxMs = 5 * 60_000;
/** Tokens of unknown keys make the service ask anew, so that a new key is known at once, and not more often than this. */
const unknownKeyCooldownMs = 30_000;
/** An issuer that does not answer is left alone for this long; keys that are still believed in serve all the same. */
const failureCooldownMs = 5_000;
const fetchTimeoutMs = 5_000;

/** How often a key file is looked at. */
const fileLookIntervalMs = 5_000;

/** What a library says of tokens whose key the issuer does not have. Everything else is the issuer's failure. */
const tokensOwnFaults = [errors.JWKSNoMatchingKey, errors.JWKSMultipleMatchingKeys, errors.JOSENotSupported];

/** Keys that are fetched, kept, and fetched again. The first fetch is that of the first token. */
export function remoteKeys(url: URL): IssuerKeys {
  let failure: { readonly at: number; readonly cause: unknown } | undefined;
  const isLeftAlone = () => failure !== undefined && performance.now() - failure.at < failureCooldownMs;
  const keySet = createRemoteJWKSet(url, {
    cacheMaxAge: keysAgeMaxMs,
    cooldownDuration: unknownKeyCooldownMs,
    timeoutDuration: fetchTimeoutMs,
    // Held back here and nowhere before: a stranger's unknown key would otherwise turn away everybody whose key is known.
    [customFetch]: async (address, init) => {
      if (isLeftAlone()) throw failure?.cause;
      return await fetch(address, init);
    },
  });
  return {
    find: async (header, token) => {
      try {
        return await keySet(header, token);
      } catch (error) {
        if (tokensOwnFaults.some((kind) => error instanceof kind)) throw error;
        if (!isLeftAlone()) failure = { at: performance.now(), cause: error };
        throw new IssuerKeysUnavailableError(error);
      }
    },
    close: () => undefined,
  };
}

/**
 * Keys from a file, which is read again when it changes; one that cannot be used any more is left alone, with one line in the log.
 *
 * @throws KeyFileError
 */
export async function fileKeys(file: string, log: Logger): Promise<IssuerKeys> {
  let text = await read(file);
  let find = parse(file, text);
  let complained: string | undefined;
  const look = async () => {
    try {
      const next = await read(file);
      if (next !== text) {
        find = parse(file, next);
        text = next;
        log.info({ file }, "uses new keys of the token issuer");
      }
      complained = undefined;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (reason !== complained) log.error({ reason }, "the file of keys cannot be used; those before stay in use");
      complained = reason;
    }
  };
  const timer = setInterval(() => void look(), fileLookIntervalMs).unref();
  return { find: (header, token) => find(header, token), close: () => clearInterval(timer) };
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new KeyFileError(`JWT_JWKS_FILE: ${file} cannot be read (${code})`);
  }
}

/** Says nothing of what the file holds: somebody may have put a private key there. */
function parse(file: string, text: string): JWTVerifyGetKey {
  try {
    const keySet = JSON.parse(text) as JSONWebKeySet;
    if (keySet.keys.length === 0) throw new Error("no keys");
    return createLocalJWKSet(keySet);
  } catch {
    throw new KeyFileError(`JWT_JWKS_FILE: ${file} holds no JSON Web Key Set with a key in it`);
  }
}
