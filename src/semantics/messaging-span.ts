import { text } from "./attribute-text.js";
import type { Inference } from "./inference.js";
import { SPAN_KIND, type SpanView } from "./span-view.js";

// Types of the current conventions, then words of the old ones and of the systems themselves.
const OP_BY_OPERATION: ReadonlyMap<unknown, string> = new Map([
  ["create", "queue.create"],
  ["send", "queue.publish"],
  ["receive", "queue.receive"],
  ["process", "queue.process"],
  ["settle", "queue.settle"],
  ["publish", "queue.publish"],
  ["deliver", "queue.process"],
  ["poll", "queue.receive"],
  ["ack", "queue.settle"],
  ["nack", "queue.settle"],
  ["commit", "queue.settle"],
]);

const OP_BY_KIND: ReadonlyMap<number, string> = new Map<number, string>([
  [SPAN_KIND.PRODUCER, "queue.publish"],
  [SPAN_KIND.CLIENT, "queue.publish"],
  [SPAN_KIND.CONSUMER, "queue.process"],
  [SPAN_KIND.SERVER, "queue.process"],
]);

/** Names a span of a messaging system after what it does to the queue. */
export function inferMessaging(span: SpanView): Inference | undefined {
  const { attributes, kind, name } = span;
  if (text(attributes["messaging.system"]) === undefined) return undefined;
  const op =
    OP_BY_OPERATION.get(attributes["messaging.operation.type"]) ??
    OP_BY_OPERATION.get(attributes["messaging.operation"]) ??
    OP_BY_OPERATION.get(attributes["messaging.operation.name"]) ??
    OP_BY_KIND.get(kind) ??
    "queue";
  return { op, description: name, source: "route", data: undefined };
}
