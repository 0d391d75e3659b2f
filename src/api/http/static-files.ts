import { existsSync } from "node:fs";
import { join } from "node:path";
import sirv from "sirv";
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

type Serve = ReturnType<typeof sirv>;

/**
 * Serves a folder of built files under a prefix. A path that is no file is one of the application's own, and gets its
 * `index.html`. Only what lay in the folder at the first request is served, so that no path leads out of it.
 */
export class StaticFiles {
  readonly #prefix: string;
  readonly #folder: string;
  #serve: Serve | undefined;

  /** @param prefix such as `/console`, without a slash at its end */
  constructor(prefix: string, folder: string) {
    this.#prefix = prefix;
    this.#folder = folder;
  }

  /** Whether the path lies under the prefix. */
  owns(path: string): boolean {
    return path === this.#prefix || path.startsWith(`${this.#prefix}/`);
  }

  /** Answers by itself, or says what to answer. */
  async answer(exchange: Exchange): Promise<Answer | undefined> {
    const { method, path, query, request, response } = exchange;
    if (method !== "GET" && method !== "HEAD") return jsonAnswer(405, { error: "method" }, { allow: "GET, HEAD" });
    if (path === this.#prefix) return { status: 308, headers: { location: `${this.#prefix}/${query}` } };
    const serve = this.#opened();
    if (serve === undefined) return jsonAnswer(404, { message: `what belongs to ${this.#prefix}/ is not built here` });
    response.setHeader("content-security-policy", contentSecurityPolicy);
    request.url = path.slice(this.#prefix.length);
    return await new Promise((resolve) => {
      response.once("close", () => resolve(undefined));
      // Declared for one version of HTTP, and made for both.
      serve(request as Parameters<Serve>[0], response as Parameters<Serve>[1], () =>
        resolve(jsonAnswer(404, { message: "there is no such file" })),
      );
    });
  }

  #opened(): Serve | undefined {
    if (this.#serve === undefined && existsSync(join(this.#folder, "index.html"))) {
      this.#serve = sirv(this.#folder, { etag: true, gzip: true, brotli: true, single: true, setHeaders: setCaching });
    }
    return this.#serve;
  }
}

function setCaching(response: Parameters<Serve>[1], path: string): void {
  const isHashed = path.startsWith(hashedFolder);
  response.setHeader("cache-control", isHashed ? `public, max-age=${yearSeconds}, immutable` : "no-cache");
}
