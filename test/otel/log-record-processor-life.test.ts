import { ROOT_CONTEXT } from "@opentelemetry/api";
import { SeverityNumber, logs as logsApi } from "@opentelemetry/api-logs";
import { LoggerProvider } from "@opentelemetry/sdk-logs";
import { NodeSDK } from "@opentelemetry/sdk-node";
import { describe, expect, it, onTestFinished } from "vitest";

import { ClientLogRecordProcessor } from "../../src/otel/log-record-processor.js";
import type { LoggedException } from "../../src/errors/logged-exceptions.js";
import { startTelemetry } from "../logs/telemetry-kit.js";
import { logsOf, valuesOf } from "../logs/telemetry-rules.js";
import { startLogs } from "./log-record-kit.js";

describe("a log record of an exception", () => {
  it("is given to who reports exceptions, and is no log then", async () => {
    const seen: LoggedException[] = [];
    const { logger, logs } = startLogs({}, (exception) => seen.push(exception) > 0);
    const ctx = ROOT_CONTEXT.setValue(Symbol("a"), 1);
    logger.emit({
      body: "it failed",
      severityNumber: SeverityNumber.ERROR,
      timestamp: [1_795_389_000, 500_000_000],
      context: ctx,
      exception: new TypeError("broken"),
    });
    logger.emit({ body: "plain" });
    expect((await logs()).map(({ body }) => body)).toEqual(["plain"]);
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({
      timestamp: 1_795_389_000.5,
      severityNumber: 17,
      body: "it failed",
      origin: "auto.log.otel",
    });
    expect(seen[0]?.ctx).toBe(ctx);
    expect(seen[0]?.attributes).toMatchObject({
      "exception.type": "TypeError",
      "exception.message": "broken",
    });
  });

  it.each([
    ["is not taken", () => false],
    ["cannot be reported", () => expect.fail("sink")],
    ["has nowhere to go", undefined],
  ])("is a log where it %s", async (_, onException) => {
    const { logger, logs } = startLogs({}, onException);
    logger.emit({ body: "it failed", attributes: { "exception.message": "broken" } });
    const [log] = await logs();
    expect(log?.body).toBe("it failed");
    expect(valuesOf(log)["exception.message"]).toBe("broken");
  });

  it("is reported also where logs are not enabled", async () => {
    const seen: unknown[] = [];
    const { logger } = startLogs({ enableLogs: false }, (exception) => seen.push(exception) > 0);
    logger.emit({ attributes: { "exception.type": "E" } });
    expect(seen).toHaveLength(1);
  });
});

describe("the log record processor", () => {
  it("sends what it holds when it is flushed", async () => {
    const { logger, provider, transport } = startLogs();
    logger.emit({ body: "x" });
    await provider.forceFlush();
    expect(logsOf(transport.envelopes)).toHaveLength(1);
  });

  it("closes a client of its own at its shutdown, and counts what comes later", async () => {
    const { client } = startTelemetry();
    const processor = new ClientLogRecordProcessor(client, true);
    const provider = new LoggerProvider({ processors: [processor] });
    provider.getLogger("a").emit({ body: "before" });
    await Promise.all([processor.shutdown(), processor.shutdown()]);
    expect(client.isClosed).toBe(true);
    provider.getLogger("a").emit({ body: "after" });
    expect(client.stats().byCategory.log_item).toMatchObject({
      captured: 2,
      sent: 1,
      dropped: { closed: 1 },
    });
  });

  it("leaves a client of the application's open", async () => {
    const { client, processor } = startLogs();
    await processor.shutdown();
    expect(client.isClosed).toBe(false);
  });

  it("works in a NodeSDK", async () => {
    const bench = startTelemetry();
    const sdk = new NodeSDK({
      autoDetectResources: false,
      spanProcessors: [],
      metricReaders: [],
      logRecordProcessors: [new ClientLogRecordProcessor(bench.client, false)],
    });
    sdk.start();
    onTestFinished(() => logsApi.disable());
    logsApi.getLogger("app").emit({ body: "by the API", severityNumber: SeverityNumber.INFO });
    expect((await bench.logs()).map(({ body }) => body)).toEqual(["by the API"]);
    await sdk.shutdown();
  });
});
