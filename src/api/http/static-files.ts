import { existsSync } from "node:fs";
import { join } from "node:path";
import { QuotaServiceError } from "../../domain/errors/quota-service-error.ts";
import { type BuiltFile, readBuiltFolder } from "./built-folder.ts";
import { type Answer, type Exchange, jsonAnswer } from "./exchange.ts";

/** Everything comes from the service itself: no inline script, no other host, no frame around it. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** Bundlers put a hash of its content into the name of what lies here, so no name ever means something else. */
const hashedFolder = "/assets/";
const yearSeconds = 31_536_000;

/** A path whose last part has an ending names a file; without one it is a page of the application. */
const fileName = /\.[^/]*$/;

/**
 * Serves a folder of built files under a prefix, from memory. A path that is no file is one of the application's own, and
 * gets its `index.html`. Only what lay in the folder at the first request is served, so that no path leads out of it.
 */
export class StaticFiles {
  readonly #prefix: string;
  readonly #folder: string;
  #files: ReadonlyMap<string, BuiltFile> | undefined;

  /** @param prefix such as `/console`, without a slash at its end */
  constructor(prefix: string, folder: string) {
    this.#prefix = prefix;
    this.#folder = folder;
  }

  /** Whether the path lies under the prefix. */
  owns(path: string): boolean {
    return path === this.#prefix || path.startsWith(`${this.#prefix}/`);
  }

  answer(exchange: Exchange): Answer {
    const { method, path, query } = exchange;
    if (method !== "GET" && method !== "HEAD") {
      return exchange.noCall(jsonAnswer(405, { error: "method" }, { allow: "GET, HEAD" }));
    }
    if (path === this.#prefix) return { status: 308, headers: { location: `${this.#prefix}/${query}` } };
    const files = this.#opened();
    if (files === undefined) return jsonAnswer(404, { message: `what belongs to ${this.#prefix}/ is not built here` });
    const name = path.slice(this.#prefix.length);
    const file = files.get(name) ?? (fileName.test(name) ? undefined : files.get("/index.html"));
    if (file === undefined) return exchange.noCall(jsonAnswer(404, { message: "there is no such file" }));
    return refusalOf(exchange) ?? answerWith(file, name.startsWith(hashedFolder), exchange);
  }

  #opened(): ReadonlyMap<string, BuiltFile> | undefined {
    if (this.#files === undefined && existsSync(join(this.#folder, "index.html"))) {
      this.#files = readBuiltFolder(this.#folder);
    }
    return this.#files;
  }
}

/** Whoever asks for files holds no credential, and may leave no more of them unread than of other answers. */
function refusalOf(exchange: Exchange): Answer | undefined {
  try {
    exchange.requireRoom();
    return undefined;
  } catch (error) {
    if (!(error instanceof QuotaServiceError)) throw error;
    return jsonAnswer(503, { message: error.message }, { "cache-control": "no-store", "retry-after": "1" });
  }
}

function answerWith(file: BuiltFile, isHashed: boolean, exchange: Exchange): Answer {
  const headers = {
    "content-security-policy": contentSecurityPolicy,
    "cache-control": isHashed ? `public, max-age=${yearSeconds}, immutable` : "no-cache",
    vary: "Accept-Encoding",
    etag: file.etag,
  };
  if (exchange.header("if-none-match")?.includes(file.etag) === true) return { status: 304, headers };
  const [encoding, body] = formOf(file, exchange.header("accept-encoding") ?? "");
  const encoded = encoding === undefined ? {} : { "content-encoding": encoding };
  return { status: 200, headers: { ...headers, "content-type": file.type, ...encoded }, body };
}

/** The smallest form that the browser reads. */
function formOf({ brotli, gzip, bytes }: BuiltFile, accepted: string): readonly [string | undefined, Buffer] {
  const names = accepted.split(",").map((name) => name.trim().toLowerCase());
  if (brotli !== undefined && names.includes("br")) return ["br", brotli];
  if (gzip !== undefined && names.includes("gzip")) return ["gzip", gzip];
  return [undefined, bytes];
}
