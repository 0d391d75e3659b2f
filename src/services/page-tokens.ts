import { pageTokenAgeMaxMs, pageTokenLengthMax } from "../domain/bounds.ts";
import { canonicalJson, type JsonValue } from "../domain/canonical-json.ts";
import { PageTokenInvalidError } from "../domain/errors/invalid-request-error.ts";
import type { EpochMilliseconds } from "../domain/instant.ts";
import type { PageTokenSeal } from "../repositories/page-token-seal.ts";

/** What a page token is good for: one listing with its filters (tenant and order among them). */
export interface Listing {
  readonly name: string;
  readonly filters: { readonly [name: string]: JsonValue };
}

interface TokenContent {
  readonly version: number;
  readonly listing: string;
  readonly cursor: string;
  readonly issuedAt: EpochMilliseconds;
}

const tokenVersion = 1;

/** Issues and reads page tokens (R16). */
export class PageTokens {
  readonly #seal: PageTokenSeal;
  readonly #clock: () => EpochMilliseconds;

  constructor(seal: PageTokenSeal, clock: () => EpochMilliseconds) {
    this.#seal = seal;
    this.#clock = clock;
  }

  issue(listing: Listing, cursor: string): string {
    const content: TokenContent = {
      version: tokenVersion,
      listing: listingText(listing),
      cursor,
      issuedAt: this.#clock(),
    };
    return this.#seal.seal(JSON.stringify(content));
  }

  /**
   * Where the page begins: after this cursor, or at the start without a token.
   *
   * @throws PageTokenInvalidError when it was altered, belongs to another listing, or is older than 24 hours
   */
  read(listing: Listing, token: string): string | undefined {
    if (token === "") return undefined;
    const content = this.#open(token);
    // A token of another tenant's is no token here: that it is good elsewhere tells that there is something to list.
    if (content === undefined || tenantOf(content.listing) !== tenantOf(listingText(listing))) {
      throw new PageTokenInvalidError("is not a token that this service issued");
    }
    if (content.version !== tokenVersion) throw new PageTokenInvalidError("comes from another version of the service");
    if (content.listing !== listingText(listing)) {
      throw new PageTokenInvalidError("belongs to a listing with another filter or order");
    }
    if (this.#clock() - content.issuedAt > pageTokenAgeMaxMs) throw new PageTokenInvalidError("is older than 24 hours");
    return content.cursor;
  }

  #open(token: string): TokenContent | undefined {
    if (token.length > pageTokenLengthMax) return undefined;
    const opened = this.#seal.open(token);
    // What the seal opens is what `issue` wrote, so its shape needs no further check.
    return opened === undefined ? undefined : (JSON.parse(opened) as TokenContent);
  }
}

function listingText(listing: Listing): string {
  return `${listing.name} ${canonicalJson({ ...listing.filters })}`;
}

/** Undefined for a listing without a tenant, as for one that is not told apart by it. */
function tenantOf(text: string): JsonValue | undefined {
  const filters: Listing["filters"] = JSON.parse(text.slice(text.indexOf(" ") + 1));
  return filters["tenantId"];
}
