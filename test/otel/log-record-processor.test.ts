import { ROOT_CONTEXT, context } from "@opentelemetry/api";
import { SeverityNumber } from "@opentelemetry/api-logs";
import type { LogRecord, Logger } from "@opentelemetry/api-logs";
import { LoggerProvider } from "@opentelemetry/sdk-logs";
import { describe, expect, it } from "vitest";

import { forkScope } from "../../src/context/scope-context.js";
import { ClientLogRecordProcessor } from "../../src/otel/log-record-processor.js";
import { runDetached, withoutTracing } from "../../src/context/suppress-tracing.js";
import { contextOf, startBridge } from "../client/bridge.js";
import { hostileValues } from "../logs/hostile-values.js";
import { logsOf, valuesOf } from "../logs/telemetry-rules.js";
import { startLogs } from "./log-record-kit.js";

interface Severity {
  readonly severityNumber?: number;
  readonly severityText?: string;
}

describe("a log record of an OTel pipeline", () => {
  it("becomes a log with its body, level, time and typed attributes", async () => {
    const { logger, logs } = startLogs();
    logger.emit({
      body: "user signed in",
      timestamp: [1_795_389_000, 123_456_789],
      severityNumber: SeverityNumber.WARN2,
      severityText: "WARN",
      eventName: "user.login",
      attributes: { count: 2, ratio: 0.5, ok: true, list: ["a", "b"], map: { a: 1 } },
    });
    const [log] = await logs();
    expect(log).toMatchObject({
      body: "user signed in",
      level: "warn",
      severity_number: 13,
      timestamp: 1_795_389_000.123457,
    });
    expect(log).not.toHaveProperty("span_id");
    expect(valuesOf(log)).toMatchObject({
      count: 2,
      ratio: 0.5,
      ok: true,
      list: ["a", "b"],
      map: '{"a":1}',
      "event.name": "user.login",
      "otel.scope.name": "shop",
      "otel.scope.version": "1.2.3",
    });
  });

  it("says of its process what the protocol asks for, and no more of the resource", async () => {
    const { logger, logs } = startLogs();
    logger.emit({ body: "x" });
    const [log] = await logs();
    expect(valuesOf(log)).toMatchObject({
      "sentry.release": "shop@3",
      "sentry.environment": "staging",
      "server.address": "web-2",
    });
    expect(JSON.stringify(log)).not.toContain("pod-1");
  });

  it("has the level of its severity number, else of its text, else `info`", async () => {
    const { logger, logs } = startLogs();
    const records: [Severity, string][] = [
      ...Array.from({ length: 24 }, (_, index): [Severity, string] => [
        { severityNumber: index + 1 },
        ["trace", "debug", "info", "warn", "error", "fatal"][Math.floor(index / 4)] ?? "",
      ]),
      [{}, "info"],
      [{ severityNumber: 0, severityText: "ERROR" }, "error"],
      [{ severityNumber: 99, severityText: "warning" }, "warn"],
      [{ severityText: "critical" }, "fatal"],
      [{ severityText: "Debug" }, "debug"],
      [{ severityText: "verbose" }, "trace"],
      [{ severityText: "?" }, "info"],
    ];
    for (const [record] of records) emitAny(logger, { ...record, body: "x" });
    expect((await logs()).map(({ level }) => level)).toEqual(records.map(([, level]) => level));
  });

  it.each([
    ["@opentelemetry/instrumentation-pino", "auto.log.pino"],
    ["@opentelemetry/instrumentation-bunyan", "auto.log.bunyan"],
    ["@opentelemetry/winston-transport", "auto.log.winston"],
    ["@acme/log-instrumentation-x.y", "auto.log.x_y"],
    ["shop", "auto.log.otel"],
  ])("of %s has the origin %s", async (name, origin) => {
    const { provider, logs } = startLogs();
    provider.getLogger(name).emit({ body: "x" });
    const [log] = await logs();
    expect(valuesOf(log)["sentry.origin"]).toBe(origin);
  });

  it("belongs to the span in whose context it is emitted, and carries that context's scopes", async () => {
    const { tracer, client, transport } = startBridge();
    const provider = new LoggerProvider({
      processors: [new ClientLogRecordProcessor(client, false)],
    });
    const logger = provider.getLogger("shop");
    const span = tracer.startSpan("root");
    const inSpan = contextOf(span);
    context.with(inSpan, () => logger.emit({ body: "active" }));
    const scoped = forkScope(inSpan, (scope) => {
      scope.setAttributes({ plan: "pro" }).setUser({ id: "7" }).setTag("tag", "no");
    });
    logger.emit({ body: "given", context: scoped });
    span.end();
    await client.flush();
    const [active, given] = logsOf(transport.envelopes);
    const { traceId, spanId } = span.spanContext();
    expect(active).toMatchObject({ trace_id: traceId, span_id: spanId });
    expect(given).toMatchObject({ trace_id: traceId, span_id: spanId });
    expect(valuesOf(given)).toMatchObject({ plan: "pro", "user.id": "7" });
    expect(active?.attributes).not.toHaveProperty("plan");
    expect(JSON.stringify(given)).not.toContain("tag");
  });

  it("carries no secrets, and no addresses of clients", async () => {
    const { logger, logs } = startLogs();
    logger.emit({
      body: { password: "hunter2", user: { token: "hunter2", name: "ada" } },
      attributes: {
        authorization: "hunter2",
        author: "ada",
        "client.address": "192.0.2.1",
        nested: { list: [{ api_key: "hunter2" }] },
        "url.full": "https://a:hunter2@example.com/?token=hunter2&page=2",
        "url.query": "secret=hunter2&page=2",
      },
    });
    const [log] = await logs();
    expect(JSON.stringify(log)).not.toContain("hunter2");
    expect(log?.body).toBe('{"password":"[Filtered]","user":{"token":"[Filtered]","name":"ada"}}');
    expect(log?.attributes).not.toHaveProperty(["client.address"]);
    expect(valuesOf(log)).toMatchObject({
      author: "ada",
      authorization: "[Filtered]",
      nested: '{"list":[{"api_key":"[Filtered]"}]}',
      "url.query": "secret=[Filtered]&page=2",
    });
  });

  it("carries addresses of clients where the application wants it", async () => {
    const { logger, logs } = startLogs({ sendDefaultPii: true });
    logger.emit({ body: "x", attributes: { "client.address": "192.0.2.1" } });
    const [log] = await logs();
    expect(valuesOf(log)["client.address"]).toBe("192.0.2.1");
  });

  it("may have any body", async () => {
    const { logger, logs } = startLogs();
    for (const body of ["", 3, false, null, undefined, ["a", 1], { a: { b: null } }])
      logger.emit({ body });
    expect((await logs()).map(({ body }) => body)).toEqual([
      "",
      "3",
      "false",
      "",
      "",
      '["a",1]',
      '{"a":{"b":null}}',
    ]);
  });

  it("may be anything", async () => {
    const { processor, logger, logs, client } = startLogs();
    const values = hostileValues();
    for (const value of values) {
      logger.emit({ body: value as string });
      processor.onEmit(value as never);
      processor.onEmit({
        hrTime: value,
        spanContext: value,
        severityNumber: value,
        severityText: value,
        body: value,
        eventName: value,
        attributes: { value },
        instrumentationScope: { name: value, version: value },
        resource: value,
      } as never);
    }
    processor.onEmit(undefined as never);
    const sent = await logs();
    const { captured, dropped } = client.stats().byCategory.log_item ?? {};
    expect(sent.length + (dropped?.internal_sdk_error ?? 0)).toBe(captured);
    expect(captured).toBe(values.length * 3 + 1);
    expect(sent.length).toBeGreaterThanOrEqual(values.length);
  });

  it("is left out where tracing is suppressed: the bridge's own requests make no logs", async () => {
    const { logger, logs, client } = startLogs();
    logger.emit({ body: "x", context: withoutTracing(ROOT_CONTEXT) });
    runDetached(() => logger.emit({ body: "x" }));
    expect(await logs()).toEqual([]);
    expect(client.stats().byCategory).toEqual({});
  });

  it("is seen by `beforeSendLog`", async () => {
    const { logger, logs } = startLogs({
      beforeSendLog: (log) => (log.message === "drop" ? null : log),
    });
    logger.emit({ body: "drop" });
    logger.emit({ body: "keep" });
    expect((await logs()).map(({ body }) => body)).toEqual(["keep"]);
  });

  it("is nothing where logs are not enabled", async () => {
    const { logger, logs, client } = startLogs({ enableLogs: false });
    logger.emit({ body: "x" });
    expect(await logs()).toEqual([]);
    expect(client.stats().byCategory).toEqual({});
  });
});

// Applications in plain JavaScript give numbers that are none of the enumeration.
function emitAny(logger: Logger, record: unknown): void {
  logger.emit(record as LogRecord);
}
