import type { JsonValue } from "@bufbuild/protobuf";

/** JSON as it was sent, indented. It is text: nothing in it is ever taken for markup. */
export function JsonView({ value, label }: { readonly value: JsonValue; readonly label: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region without focus cannot be scrolled by keys
    <section className="json" aria-label={label} tabIndex={0}>
      <pre>{JSON.stringify(value, null, 2)}</pre>
    </section>
  );
}
