import { textValue } from "./attribute-text.js";
import { codeData } from "./code-location.js";
import type { Inference } from "./inference.js";
import { SPAN_KIND, type SpanView } from "../trace/span.js";

/** Names a span that says which function of the program it measures. The span's own name is kept. */
export function inferFunction({ attributes, kind, name }: SpanView): Inference | undefined {
  if (kind !== SPAN_KIND.INTERNAL) return undefined;
  const called =
    textValue(attributes["code.function.name"]) ?? textValue(attributes["code.function"]);
  if (called === undefined) return undefined;
  return { op: "function", description: name, source: "custom", data: codeData(attributes) };
}
