import { describe, expect, it } from "vitest";

import { inferSpan } from "../../src/semantics/infer-span.js";
import { descriptionOf } from "../spans/hand-made-span.js";

const RECEIVE = { "messaging.operation": "receive" };

describe("a messaging span", () => {
  it.each([
    ["PRODUCER", {}, "queue.publish"],
    ["CLIENT", {}, "queue.publish"],
    ["CONSUMER", {}, "queue.process"],
    ["SERVER", {}, "queue.process"],
    ["INTERNAL", {}, "queue"],
    ["PRODUCER", { "messaging.operation.type": "create" }, "queue.create"],
    ["PRODUCER", { "messaging.operation.type": "send" }, "queue.publish"],
    ["PRODUCER", { "messaging.operation": "publish" }, "queue.publish"],
    ["CONSUMER", { "messaging.operation.type": "process" }, "queue.process"],
    ["CONSUMER", { "messaging.operation": "deliver" }, "queue.process"],
    ["CONSUMER", { "messaging.operation": "receive" }, "queue.receive"],
    ["CLIENT", { "messaging.operation.type": "receive" }, "queue.receive"],
    ["CLIENT", { "messaging.operation.type": "settle" }, "queue.settle"],
    ["CLIENT", { "messaging.operation.name": "ack" }, "queue.settle"],
    [
      "CONSUMER",
      { "messaging.operation.type": "x", "messaging.operation.name": "poll" },
      "queue.receive",
    ],
    ["CONSUMER", { "messaging.operation": 3 }, "queue.process"],
  ] as const)("of kind %s with %o has the op %s", (kind, attributes, op) => {
    expect(inferSpan(descriptionOf(kind, { "messaging.system": "kafka", ...attributes }))).toEqual({
      op,
      description: "name",
      source: "route",
      data: undefined,
    });
  });

  it("of amqplib's old names is known", () => {
    const attributes = { "messaging.system": "rabbitmq", "messaging.destination": "q" };
    expect(inferSpan(descriptionOf("PRODUCER", attributes)).op).toBe("queue.publish");
  });

  it("of an AWS call to a queue is about the queue", () => {
    const attributes = {
      "rpc.system": "aws-api",
      "rpc.service": "SQS",
      "rpc.method": "SendMessage",
      "messaging.system": "aws_sqs",
      "url.full": "https://sqs.eu-west-1.amazonaws.com/1/q",
    };
    expect(inferSpan(descriptionOf("PRODUCER", attributes, "q send")).op).toBe("queue.publish");
  });

  it("of a queue that triggers a function is about the queue", () => {
    const attributes = {
      "faas.trigger": "pubsub",
      "messaging.operation.type": "process",
      "messaging.system": "aws_sqs",
    };
    expect(inferSpan(descriptionOf("CONSUMER", attributes)).op).toBe("queue.process");
  });
});

describe("a span of a queue without messaging attributes", () => {
  // bullmq-otel 2.0 has attributes of its own (`bullmq.queue.name`) only.
  it.each([
    ["PRODUCER", "add mail", "queue.publish"],
    ["CONSUMER", "process mail", "queue.process"],
  ] as const)("of kind %s has its op by the kind: %s", (kind, name, op) => {
    const attributes = { "bullmq.queue.name": "mail", "bullmq.job.id": "1" };
    expect(inferSpan(descriptionOf(kind, attributes, name))).toEqual({
      op,
      description: name,
      source: "custom",
      data: undefined,
    });
  });

  it.each(["INTERNAL", "CLIENT", "SERVER"] as const)("of kind %s has no op", (kind) => {
    expect(inferSpan(descriptionOf(kind, { "bullmq.queue.name": "mail" })).op).toBeUndefined();
  });
});

describe("a span of socket.io", () => {
  const EVENT = {
    "messaging.system": "socket.io",
    "messaging.socket.io.namespace": "/",
    "messaging.socket.io.event_name": "chat:message",
  };
  // Names of @opentelemetry/instrumentation-socket.io 0.70, then of 0.4x.
  it.each([
    ["PRODUCER", "send /", {}, "queue.publish", "send chat:message"],
    ["CONSUMER", "receive /", RECEIVE, "queue.process", "receive chat:message"],
    ["PRODUCER", "/[room-7] send", {}, "queue.publish", "send chat:message"],
    ["CONSUMER", "chat:message receive", RECEIVE, "queue.process", "receive chat:message"],
    ["CONSUMER", "named by a hook", RECEIVE, "queue.process", "named by a hook"],
  ] as const)("of kind %s called %j is named by its event", (...[kind, name, added, op, shown]) => {
    const inferred = inferSpan(descriptionOf(kind, { ...EVENT, ...added }, name));
    expect(inferred).toMatchObject({ op, description: shown });
  });

  it("without an event is one of messaging", () => {
    const attributes = { "messaging.system": "socket.io" };
    expect(inferSpan(descriptionOf("PRODUCER", attributes, "send /"))).toMatchObject({
      op: "queue.publish",
      description: "send /",
    });
  });
});
