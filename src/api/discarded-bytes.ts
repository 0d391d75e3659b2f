/**
 * A body past its bound is read on to its end, as far as this, and thrown away: who is still sending does not look for
 * an answer, and would see a broken connection in its place.
 */
export const discardedBytesMax = 1024 * 1024;
