import { SPAN_KIND } from "../trace/span.js";
import type { AttributeBag, SpanDescription } from "../trace/span.js";
import { codeData, textValue } from "./inference.js";
import type { Inference } from "./inference.js";

// Operation types of the current semantic conventions, then operations of older versions and of messaging systems.
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

/** Names a span of a messaging system by its operation. */
export function inferMessaging(span: SpanDescription): Inference | undefined {
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

// The instrumentation of socket.io names spans by namespace or room: `send /`, `/ send`, `receive /`. Its `receive` spans
// measure the handler, which Sentry calls `process`.
function inferSocketEvent({ kind, name }: SpanDescription, event: string): Inference {
  const op = OP_BY_KIND.get(kind) ?? "queue";
  const operation = /^(send|receive) | (send|receive)$/.exec(name);
  const shown = operation?.[1] ?? operation?.[2];
  const description = shown === undefined ? name : `${shown} ${event}`;
  return { op, description, source: "route", data: undefined };
}

/** Names a span of a queue that has no `messaging.*` attributes (bullmq-otel) by its kind. */
export function inferQueueKind({ kind, name }: SpanDescription): Inference | undefined {
  if (kind !== SPAN_KIND.PRODUCER && kind !== SPAN_KIND.CONSUMER) return undefined;
  return { op: OP_BY_KIND.get(kind), description: name, source: "custom", data: undefined };
}

/** Names a span of a remote procedure call: gRPC, JSON-RPC, and calls of cloud SDKs. The span's own name is kept. */
export function inferRpc({ attributes, name }: SpanDescription): Inference | undefined {
  const system =
    textValue(attributes["rpc.service"]) ??
    textValue(attributes["rpc.system"]) ??
    textValue(attributes["rpc.system.name"]);
  if (system === undefined) return undefined;
  return { op: "rpc", description: name, source: "route", data: undefined };
}

const OP_BY_PROVIDER: ReadonlyMap<unknown, string> = new Map([
  ["aws", "function.aws"],
  ["azure", "function.azure"],
  ["gcp", "function.gcp"],
]);

/** Names a run of a cloud function by its trigger, else by its cloud provider. */
export function inferFaas({ attributes, kind, name }: SpanDescription): Inference | undefined {
  const trigger = textValue(attributes["faas.trigger"]);
  if (trigger !== undefined) {
    return { op: trigger, description: name, source: "route", data: undefined };
  }
  // Spans of other kinds are calls to a function that runs elsewhere.
  if (kind !== SPAN_KIND.SERVER && kind !== SPAN_KIND.INTERNAL) return undefined;
  const op = OP_BY_PROVIDER.get(provider(attributes)) ?? "function";
  return { op, description: name, source: "component", data: undefined };
}

// `cloud.platform` is `aws_lambda`, `gcp_cloud_run` or `azure_functions` (newer: `azure.functions`).
function provider(attributes: AttributeBag): string | undefined {
  return (
    textValue(attributes["cloud.provider"]) ??
    textValue(attributes["cloud.platform"])?.split(/[._]/, 1)[0] ??
    providerOfResource(
      textValue(attributes["cloud.resource_id"]) ?? textValue(attributes["faas.id"]),
    )
  );
}

// Recognizes an ARN (AWS), a path that begins with a subscription (Azure) and a URL without a scheme (GCP).
function providerOfResource(id: string | undefined): string | undefined {
  if (id === undefined) return undefined;
  if (id.startsWith("arn:")) return "aws";
  if (id.startsWith("/subscriptions/")) return "azure";
  return id.startsWith("//") ? "gcp" : undefined;
}

/** Names a span that measures a function of the application. The span's own name is kept. */
export function inferFunction({ attributes, kind, name }: SpanDescription): Inference | undefined {
  if (kind !== SPAN_KIND.INTERNAL) return undefined;
  const called =
    textValue(attributes["code.function.name"]) ?? textValue(attributes["code.function"]);
  if (called === undefined) return undefined;
  return { op: "function", description: name, source: "custom", data: codeData(attributes) };
}
