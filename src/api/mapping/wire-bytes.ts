import { create, type DescMessage, type MessageInitShape, toBinary } from "@bufbuild/protobuf";

/** Measures what an item occupies in a list response, so that a page can end before it grows too large for its readers. */
export function wireBytesOf<Item, D extends DescMessage>(
  schema: D,
  messageOf: (item: Item) => MessageInitShape<D>,
): (item: Item) => number {
  return (item) => toBinary(schema, create(schema, messageOf(item))).byteLength;
}
