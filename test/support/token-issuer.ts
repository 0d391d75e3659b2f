import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, type JSONWebKeySet, type JWTPayload, SignJWT } from "jose";

export const issuer = "https://issuer.example";
export const audience = "quota";

/** An issuer of tokens, with its keys behind a URL that can fail. */
export class TokenIssuer {
  readonly #server: Server;
  readonly #signers = new Map<string, { readonly algorithm: string; readonly privateKey: CryptoKey }>();
  readonly jwks: JSONWebKeySet = { keys: [] };
  /** What its server answers with; 0 breaks the connection off. */
  status = 200;
  body: string | undefined;
  fetches = 0;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<TokenIssuer> {
    const server = createServer((_, response) => {
      started.fetches += 1;
      if (started.status === 0) response.destroy();
      else response.writeHead(started.status).end(started.body ?? JSON.stringify(started.jwks));
    });
    const started = new TokenIssuer(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    await started.addKey("key-1");
    return started;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/jwks`;
  }

  async addKey(kid: string, algorithm = "ES256", publish = true): Promise<void> {
    const { publicKey, privateKey } = await generateKeyPair(algorithm);
    this.#signers.set(kid, { algorithm, privateKey });
    if (publish) this.jwks.keys.push({ ...(await exportJWK(publicKey)), kid, alg: algorithm, use: "sig" });
  }

  /** A token that is good but for what the claims say. */
  async issue(claims: JWTPayload = {}, kid = "key-1"): Promise<string> {
    const signer = this.#signers.get(kid);
    if (signer === undefined) throw new Error(`no key ${kid}`);
    const payload = { iss: issuer, aud: audience, sub: "someone", role: "SERVICE", exp: inSeconds(300), ...claims };
    return await new SignJWT(payload).setProtectedHeader({ alg: signer.algorithm, kid }).sign(signer.privateKey);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

export function inSeconds(seconds: number): number {
  return Math.floor(Date.now() / 1_000) + seconds;
}
