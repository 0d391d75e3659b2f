/**
 * Makes texts that clients carry but cannot alter. The key is shared by all processes on one storage and outlives
 * restarts (R16).
 */
export interface PageTokenSeal {
  seal(content: string): string;
  /** The content, or undefined when the text was not sealed with this key. */
  open(sealed: string): string | undefined;
}
