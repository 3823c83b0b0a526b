import { type AttributeBag, SPAN_KIND, type SpanView } from "../../src/trace/span.js";

type KindName = keyof typeof SPAN_KIND;

/** A span named `name` of the given kind. */
export function spanOf(kind: KindName, attributes: AttributeBag, name = "name"): SpanView {
  return { name, kind: SPAN_KIND[kind], attributes };
}
