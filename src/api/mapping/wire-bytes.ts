import type { DescMessage, MessageInitShape } from "@bufbuild/protobuf";
import { messageEncoder } from "../encoding/message-encoder.ts";

/** Measures what an item occupies in a list response, so that a page can end before it grows too large for its readers. */
export function wireBytesOf<Item, D extends DescMessage>(
  schema: D,
  messageOf: (item: Item) => MessageInitShape<D>,
): (item: Item) => number {
  const { lengthOf } = messageEncoder(schema);
  return (item) => lengthOf(messageOf(item));
}
