/** A secret that was just made, and what is kept of it. */
export interface NewSecret {
  /** Shown once, stored nowhere. */
  readonly secret: string;
  readonly prefix: string;
  /** Of the whole secret; the secret cannot be had back from it. */
  readonly secretHash: string;
}

/** Makes the secrets of API keys and recognises them. */
export interface ApiKeySecrets {
  /** A secret that nobody can guess. */
  create(): NewSecret;
  /** Whether the text is meant to be one of ours; a glance, no check. */
  looksLikeOne(text: string): boolean;
  /** What is kept of a secret; undefined when the text is none of ours, so that nobody needs to be asked about it. */
  read(secret: string): Omit<NewSecret, "secret"> | undefined;
  /** Takes as long for a near miss as for a wild guess. */
  hashesMatch(one: string, other: string): boolean;
}
