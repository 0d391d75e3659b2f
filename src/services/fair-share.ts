/**
 * At most so many of the items, the first ones of each key, and of each key as many as of the others: a crowd on one key keeps
 * none of the others waiting. Where there are more keys than items may be taken, every turn takes others.
 */
export function fairShare<Item>(
  items: readonly Item[],
  keyOf: (item: Item) => string,
  itemsMax: number,
  turn: number,
): ReadonlySet<Item> {
  const groups = [...Map.groupBy(items, keyOf).values()];
  const from = groups.length <= itemsMax ? 0 : (turn * itemsMax) % groups.length;
  const chosen = [...groups.slice(from), ...groups.slice(0, from)].slice(0, itemsMax);
  const share = Math.floor(itemsMax / Math.max(1, chosen.length));
  return new Set(chosen.flatMap((group) => group.slice(0, share)));
}
