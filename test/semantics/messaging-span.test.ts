import { describe, expect, it } from "vitest";

import { inferSpan } from "../../src/semantics/infer-span.js";
import { spanOf } from "./span-of.js";

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
    expect(inferSpan(spanOf(kind, { "messaging.system": "kafka", ...attributes }))).toEqual({
      op,
      description: "name",
      source: "route",
      data: undefined,
    });
  });

  it("of amqplib's old names is known", () => {
    const attributes = { "messaging.system": "rabbitmq", "messaging.destination": "q" };
    expect(inferSpan(spanOf("PRODUCER", attributes)).op).toBe("queue.publish");
  });

  it("of an AWS call to a queue is about the queue", () => {
    const attributes = {
      "rpc.system": "aws-api",
      "rpc.service": "SQS",
      "rpc.method": "SendMessage",
      "messaging.system": "aws_sqs",
      "url.full": "https://sqs.eu-west-1.amazonaws.com/1/q",
    };
    expect(inferSpan(spanOf("PRODUCER", attributes, "q send")).op).toBe("queue.publish");
  });

  it("of a queue that triggers a function is about the queue", () => {
    const attributes = {
      "faas.trigger": "pubsub",
      "messaging.operation.type": "process",
      "messaging.system": "aws_sqs",
    };
    expect(inferSpan(spanOf("CONSUMER", attributes)).op).toBe("queue.process");
  });
});
