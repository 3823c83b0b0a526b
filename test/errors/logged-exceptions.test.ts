import { ROOT_CONTEXT, SpanStatusCode, context } from "@opentelemetry/api";
import { SeverityNumber } from "@opentelemetry/api-logs";
import type { Logger } from "@opentelemetry/api-logs";
import { LoggerProvider } from "@opentelemetry/sdk-logs";
import { describe, expect, it, onTestFinished } from "vitest";

import {
  SentryLogRecordProcessor,
  captureException,
  setUser,
  withIsolationScope,
} from "../../src/index.js";
import type { ReceivedError } from "../../src/testing/received.js";
import type { Bridge } from "../client/bridge.js";
import { contextOf, startBridge } from "../client/bridge.js";

/** A pipeline with logs beside its spans. */
function startLogging(): Bridge & { readonly logger: Logger } {
  const bridge = startBridge();
  const provider = new LoggerProvider({
    processors: [new SentryLogRecordProcessor(bridge.client)],
  });
  onTestFinished(() => provider.shutdown());
  return { ...bridge, logger: provider.getLogger("@opentelemetry/instrumentation-pino") };
}

function attributesOf({ name, message, stack = "" }: Error): Record<string, string> {
  return {
    "exception.type": name,
    "exception.message": message,
    "exception.stacktrace": stack,
  };
}

async function errorsOf({ client, transport }: Bridge): Promise<ReceivedError[]> {
  await client.flush();
  return transport.errors();
}

describe("a log record of an exception", () => {
  it("is an error event of the unit and span that it was emitted in, and no log", async () => {
    const bridge = startLogging();
    const root = bridge.tracer.startSpan("root");
    context.with(contextOf(root), () => {
      setUser({ id: "7" });
      bridge.logger.emit({
        body: "could not pay",
        severityNumber: SeverityNumber.FATAL,
        attributes: attributesOf(new TypeError("no money")),
      });
    });
    root.end();
    const [event, ...others] = await errorsOf(bridge);
    expect(others).toEqual([]);
    expect(event).toMatchObject({
      level: "fatal",
      user: { id: "7" },
      extra: { "log.body": "could not pay" },
      contexts: { trace: { span_id: root.spanContext().spanId } },
    });
    const [value] = event?.exception?.values ?? [];
    expect(value).toMatchObject({
      type: "TypeError",
      value: "no money",
      mechanism: { type: "auto.log.pino", handled: true },
    });
    expect(value?.stacktrace?.frames.at(-1)?.["filename"]).toContain("logged-exceptions.test.ts");
    const types = bridge.transport.envelopes.flatMap(({ items }) =>
      items.map((item) => item.header.type),
    );
    expect(types).not.toContain("log");
  });

  it("is one event with the same error on spans and in a capture", async () => {
    const bridge = startLogging();
    const root = bridge.tracer.startSpan("root");
    const error = new Error("seen everywhere");
    context.with(contextOf(root), () => {
      const child = bridge.child(root);
      child.recordException(error);
      child.end();
      bridge.logger.emit({ attributes: attributesOf(error) });
      captureException(error);
    });
    root.recordException(error);
    root.setStatus({ code: SpanStatusCode.ERROR }).end();
    expect(await errorsOf(bridge)).toHaveLength(1);
  });

  it("is one for each time that it is logged, and for each trace", async () => {
    const bridge = startLogging();
    const error = new Error("again");
    for (let count = 0; count < 2; count += 1)
      bridge.logger.emit({ attributes: attributesOf(error), context: ROOT_CONTEXT });
    withIsolationScope(() => captureException(error));
    expect(await errorsOf(bridge)).toHaveLength(3);
  });
});
