import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createSecureContext } from "node:tls";
import type { Logger } from "./telemetry/logger.ts";

/** How often the files are looked at. Their contents count, not their times: secrets are often swapped by a link. */
const lookIntervalMs = 2_000;

/** Longest file that is taken for a certificate, a chain or a list of authorities. */
const fileBytesMax = 1024 * 1024;

/** By the variables that name them. */
export interface TlsFilePaths {
  readonly certFile: string;
  readonly keyFile: string;
  /** Absent: callers show no certificate. */
  readonly clientCaFile?: string;
}

/** What the files held when they were read together. */
export interface TlsFileContents {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly ca?: Buffer;
}

/** A file that cannot be used. The message is one line for whoever started the service, and tells nothing of a key. */
export class TlsFilesError extends Error {
  override readonly name = "TlsFilesError";
}

/**
 * The certificate that the doors show, read again when its files change. What cannot be used is left alone, with one line in
 * the log: a service that has been up for a year must not end because somebody copied one file of two.
 */
export class TlsFiles {
  readonly demandsClientCertificate: boolean;
  readonly #paths: TlsFilePaths;
  readonly #log: Logger;
  readonly #listeners: ((contents: TlsFileContents) => void)[] = [];
  readonly #timer: NodeJS.Timeout;
  #current: TlsFileContents;
  /** What was complained about last, and what was bad at the last look: a pair is written one file after the other. */
  #complained: string | undefined;
  #suspected: string | undefined;

  /** @throws TlsFilesError */
  static async open(paths: TlsFilePaths, log: Logger): Promise<TlsFiles> {
    return new TlsFiles(paths, log, await readChecked(paths));
  }

  private constructor(paths: TlsFilePaths, log: Logger, contents: TlsFileContents) {
    this.#paths = paths;
    this.#log = log;
    this.#current = contents;
    this.demandsClientCertificate = paths.clientCaFile !== undefined;
    this.#timer = setInterval(() => void this.#look(false), lookIntervalMs).unref();
  }

  get current(): TlsFileContents {
    return this.#current;
  }

  onChange(listener: (contents: TlsFileContents) => void): void {
    this.#listeners.push(listener);
  }

  /** Looks at once, and says so in the log whatever it finds. Never rejects. */
  async reload(): Promise<void> {
    this.#complained = undefined;
    await this.#look(true);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #look(isAskedFor: boolean): Promise<void> {
    try {
      const contents = await readChecked(this.#paths);
      this.#suspected = undefined;
      this.#complained = undefined;
      const isNew = !isSame(contents, this.#current);
      if (isNew) this.#use(contents);
      if (isNew || isAskedFor)
        this.#log.info(factsOf(contents.cert), isNew ? "uses new TLS files" : "the TLS files are the same");
    } catch (error) {
      this.#doubt(error instanceof Error ? error.message : String(error), isAskedFor);
    }
  }

  #use(contents: TlsFileContents): void {
    this.#current = contents;
    for (const listener of this.#listeners) listener(contents);
  }

  #doubt(reason: string, isAskedFor: boolean): void {
    const isSecondLook = this.#suspected === reason;
    this.#suspected = reason;
    if (reason === this.#complained || !(isSecondLook || isAskedFor)) return;
    this.#complained = reason;
    this.#log.error({ reason }, "the TLS files cannot be used; those before stay in use");
  }
}

async function readChecked(paths: TlsFilePaths): Promise<TlsFileContents> {
  const [cert, key, ca] = await Promise.all([
    read("TLS_CERT_FILE", paths.certFile),
    read("TLS_KEY_FILE", paths.keyFile),
    paths.clientCaFile === undefined ? undefined : read("TLS_CLIENT_CA_FILE", paths.clientCaFile),
  ]);
  // One after the other, so that the complaint names the file that is to blame.
  attempt("TLS_CERT_FILE", paths.certFile, "holds no certificate in PEM", () => new X509Certificate(cert));
  attempt("TLS_CERT_FILE", paths.certFile, "holds a certificate that cannot be used", () =>
    createSecureContext({ cert }),
  );
  attempt("TLS_KEY_FILE", paths.keyFile, "holds no unencrypted private key in PEM", () => createSecureContext({ key }));
  attempt("TLS_KEY_FILE", paths.keyFile, `is not the key of the certificate in ${paths.certFile}`, () =>
    createSecureContext({ cert, key }),
  );
  if (ca === undefined) return { cert, key };
  const caFile = paths.clientCaFile ?? "";
  attempt("TLS_CLIENT_CA_FILE", caFile, "holds no certificate in PEM", () => new X509Certificate(ca));
  attempt("TLS_CLIENT_CA_FILE", caFile, "holds certificates that cannot be used", () => createSecureContext({ ca }));
  return { cert, key, ca };
}

async function read(variable: string, file: string): Promise<Buffer> {
  try {
    const contents = await readFile(file);
    if (contents.byteLength <= fileBytesMax) return contents;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new TlsFilesError(`${variable}: ${file} cannot be read (${code})`);
  }
  throw new TlsFilesError(`${variable}: ${file} is larger than ${fileBytesMax} bytes`);
}

/** OpenSSL's own words stay out: they are for programmers, and may quote the file. */
function attempt(variable: string, file: string, problem: string, work: () => unknown): void {
  try {
    work();
  } catch {
    throw new TlsFilesError(`${variable}: ${file} ${problem}`);
  }
}

function isSame(one: TlsFileContents, other: TlsFileContents): boolean {
  const isSameCa = one.ca === undefined ? other.ca === undefined : other.ca !== undefined && one.ca.equals(other.ca);
  return isSameCa && one.cert.equals(other.cert) && one.key.equals(other.key);
}

function factsOf(cert: Buffer): Record<string, unknown> {
  const { subjectAltName, validTo, serialNumber } = new X509Certificate(cert);
  return { subjectAltName, validTo, serialNumber };
}
