import type { Role } from "../domain/principal.ts";
import type { ListenAddress } from "./listen-address.ts";

/** What the service is told at start, checked: nothing in it needs to be checked again. */
export interface Config {
  /** Where the gRPC door listens. Without authentication always a loopback address. */
  readonly grpcListen: ListenAddress;
  /** Where the HTTP door listens, likewise. */
  readonly httpListen: ListenAddress;
  /** Origins whose scripts may read answers of the HTTP door, as browsers send them. */
  readonly corsOrigins: readonly string[];
  readonly database: EmbeddedDatabaseConfig | ExternalDatabaseConfig;
  /** Plans and subscriptions to create at start; absent: none. Relative to the working folder. */
  readonly plansFile?: string;
  readonly auth: AuthMode;
  /** Holds the secret of the first ADMIN key. Absent: none, or one of the service's own making beside the embedded database. */
  readonly bootstrapAdminKeyFile?: string;
  /** What both doors encrypt with; absent: not at all. Paths, relative to the working folder. */
  readonly tls?: TlsConfig;
  /** Tokens that are taken beside API keys; absent: none. */
  readonly jwt?: JwtConfig;
  /** Whether anybody may ask the server for the contract. */
  readonly reflection: "on" | "off";
  readonly logLevel: LogLevel;
  /** Connections to the database, 2 … 100. */
  readonly databasePoolMax: number;
  /** Whether statements are named, so that the server keeps them planned. */
  readonly databasePreparedStatements: "on" | "off";
  /** Longest run of one SQL statement. Longer than `lockTimeoutMs`. */
  readonly statementTimeoutMs: number;
  /** Longest wait for what another transaction holds. */
  readonly lockTimeoutMs: number;
  /** What callers and their connections may cost. */
  readonly bounds: BoundsConfig;
  /** How long a stop waits for calls in flight. 0: not at all. */
  readonly drainTimeoutMs: number;
}

export interface CallerBoundConfig {
  readonly callsPerSecondMax: number;
  readonly callsInFlightMax: number;
}

export interface BoundsConfig {
  /** Of a credential of the role TENANT. */
  readonly tenant: CallerBoundConfig;
  /** Of every other credential. */
  readonly other: CallerBoundConfig;
  /** To each of the two servers, at least 2. */
  readonly connectionsMax: number;
  readonly connectionAgeMaxMs: number;
  readonly connectionIdleMaxMs: number;
}

export interface TlsConfig {
  readonly certFile: string;
  readonly keyFile: string;
  /** Present: callers must show a certificate of one of these authorities. */
  readonly clientCaFile?: string;
}

export interface JwtConfig {
  readonly issuer: string;
  readonly audience: string;
  /** Where the issuer's public keys are: an https URL, or a file relative to the working folder. */
  readonly keys: { readonly url: URL } | { readonly file: string };
  readonly algorithms: readonly JwtAlgorithm[];
  readonly clockToleranceSeconds: number;
  /** Where in the token the role stands: the name of a claim, or a JSON Pointer to it. */
  readonly roleClaim: string;
  readonly tenantClaim: string;
  /** What the values of the role claim mean. A value that is missing means nothing. */
  readonly roles: ReadonlyMap<string, Role>;
}

/** With a public key and a secret one: with a shared secret whoever checks tokens could make them. */
export const jwtAlgorithms = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
] as const;

export type JwtAlgorithm = (typeof jwtAlgorithms)[number];

/** A PostgreSQL that the service brings, starts and stops itself. */
export interface EmbeddedDatabaseConfig {
  readonly kind: "embedded";
  /** Relative to the working folder. */
  readonly dataDirectory: string;
}

/** A PostgreSQL that somebody else runs. Both URLs may hold a password: never log them. */
export interface ExternalDatabaseConfig {
  readonly kind: "external";
  /** Of the login that serves, which owns nothing. */
  readonly url: string;
  /** Of the owner, who migrates; absent: somebody else migrates. */
  readonly ownerUrl?: string;
}

/** Whether callers must show a credential. Without, only a loopback address is listened on. */
export const authModes = ["none", "required"] as const;

export type AuthMode = (typeof authModes)[number];

/** Those of pino. */
export const logLevels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;

export type LogLevel = (typeof logLevels)[number];
