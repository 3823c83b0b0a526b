import { listed, textValues } from "./attribute-text.js";
import type { Inference } from "./inference.js";
import type { AttributeBag, SpanView } from "../trace/span.js";

const MAX_KEYS = 10;

const OP_BY_OPERATION: ReadonlyMap<unknown, string> = new Map([
  ["get", "cache.get"],
  ["put", "cache.put"],
  ["set", "cache.put"],
  ["remove", "cache.remove"],
  ["delete", "cache.remove"],
  ["flush", "cache.flush"],
  ["clear", "cache.flush"],
]);

/** Names a span with `cache.*` attributes after its keys; undefined for every other span. */
export function inferCache(span: SpanView): Inference | undefined {
  const op = cacheOp(span.attributes);
  const keys = textValues(span.attributes["cache.key"]);
  if (op === undefined && keys.length === 0) return undefined;
  const description = keys.length === 0 ? span.name : listed(keys, MAX_KEYS);
  return { op: op ?? "cache", description, source: "task", data: undefined };
}

function cacheOp(attributes: AttributeBag): string | undefined {
  const op = OP_BY_OPERATION.get(attributes["cache.operation"]);
  if (op !== undefined) return op;
  return typeof attributes["cache.hit"] === "boolean" ? "cache.get" : undefined;
}
