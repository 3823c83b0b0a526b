import { textValue } from "./attribute-text.js";
import type { Inference } from "./inference.js";
import { SPAN_KIND, type SpanView } from "../trace/span.js";

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

const EVENT = "messaging.socket.io.event_name";

/** Names a span of a messaging system after what it does to the queue. */
export function inferMessaging(span: SpanView): Inference | undefined {
  const { attributes, kind, name } = span;
  if (textValue(attributes["messaging.system"]) === undefined) return undefined;
  const event = textValue(attributes[EVENT]);
  if (event !== undefined) return inferSocketEvent(span, event);
  const op =
    OP_BY_OPERATION.get(attributes["messaging.operation.type"]) ??
    OP_BY_OPERATION.get(attributes["messaging.operation"]) ??
    OP_BY_OPERATION.get(attributes["messaging.operation.name"]) ??
    OP_BY_KIND.get(kind) ??
    "queue";
  return { op, description: name, source: "route", data: undefined };
}

// `send /`, `/ send` and `receive /` are the instrumentation's names, by the namespace or the room. A
// socket's `receive` is the handler's run, which Sentry calls `process`.
function inferSocketEvent({ kind, name }: SpanView, event: string): Inference {
  const op = OP_BY_KIND.get(kind) ?? "queue";
  const operation = /^(send|receive) | (send|receive)$/.exec(name);
  const shown = operation?.[1] ?? operation?.[2];
  const description = shown === undefined ? name : `${shown} ${event}`;
  return { op, description, source: "route", data: undefined };
}

/** Names a span of a queue that has no `messaging.*` attributes (bullmq-otel) by its kind alone. */
export function inferQueueKind({ kind, name }: SpanView): Inference | undefined {
  if (kind !== SPAN_KIND.PRODUCER && kind !== SPAN_KIND.CONSUMER) return undefined;
  return { op: OP_BY_KIND.get(kind), description: name, source: "custom", data: undefined };
}
