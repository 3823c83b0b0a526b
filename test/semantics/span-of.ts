import { type AttributeBag, SPAN_KIND, type SpanDescription } from "../../src/trace/span.js";

type KindName = keyof typeof SPAN_KIND;

/** A span named `name` of the given kind. */
export function spanOf(kind: KindName, attributes: AttributeBag, name = "name"): SpanDescription {
  return { name, kind: SPAN_KIND[kind], attributes };
}
