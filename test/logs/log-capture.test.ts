import { ROOT_CONTEXT } from "@opentelemetry/api";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { describe, expect, it, onTestFinished } from "vitest";

import { correlationOf } from "../../src/context/correlation.js";
import type { Log } from "../../src/protocol/items.js";
import { logger } from "../../src/logs/logger.js";
import { LogCapture } from "../../src/logs/log-capture.js";
import { startIngestServer } from "../../src/testing/testing.js";
import { startBridge } from "../client/bridge.js";
import { hostileValues } from "./hostile-values.js";
import { PROCESS, PROCESS_ATTRIBUTES, startTelemetry } from "./telemetry-kit.js";
import { logsOf, valuesOf } from "./telemetry-rules.js";

describe("beforeSendLog", () => {
  it("may change a log, and sees all that is sent of it", async () => {
    const seen: Log[] = [];
    const { logs } = startTelemetry({
      ...PROCESS,
      beforeSendLog: (log) => {
        seen.push({ ...log, attributes: { ...log.attributes } });
        log.message = "changed";
        log.level = "fatal";
        delete log.attributes["draft"];
        log.attributes["added"] = 1n;
        return log;
      },
    });
    logger.info("given", { draft: "s", password: "x" });
    const [log] = await logs();
    expect(seen).toEqual([
      {
        level: "info",
        message: "given",
        attributes: { ...PROCESS_ATTRIBUTES, draft: "s", password: "[Filtered]" },
      },
    ]);
    expect(log).toMatchObject({ body: "changed", level: "fatal", severity_number: 21 });
    expect(log?.attributes).not.toHaveProperty("draft");
    expect(log?.attributes["added"]).toEqual({ type: "integer", value: 1 });
  });

  it.each([
    ["returns null", () => null],
    ["throws", () => expect.fail("hook")],
    ["returns nothing", () => undefined as never],
  ])("drops a log where it %s, and the drop is counted", async (_, beforeSendLog) => {
    const { logs, client } = startTelemetry({ beforeSendLog });
    logger.info("dropped");
    expect(await logs()).toEqual([]);
    const { log_item: items, log_byte: bytes } = client.stats().byCategory;
    expect(items).toMatchObject({ captured: 1, dropped: { before_send: 1 } });
    expect(bytes?.dropped.before_send).toBeGreaterThan(100);
    expect(client.core.ledger.pending()).not.toHaveProperty("before_send");
  });

  it("leaves a log unchanged where it returns a promise, which is one fault in the set-up", async () => {
    const { logs, client } = startTelemetry({
      beforeSendLog: () => Promise.resolve(null) as never,
    });
    logger.info("kept");
    logger.info("kept, too");
    expect((await logs()).map(({ body }) => body)).toEqual(["kept", "kept, too"]);
    expect(client.core.diagnostics.counts()).toMatchObject({ "async:beforeSendLog": 2 });
  });

  it("does not see the logs that it writes itself", async () => {
    const { logs, client } = startTelemetry({
      beforeSendLog: (log) => {
        logger.info("from the hook");
        return log;
      },
    });
    logger.info("once");
    expect((await logs()).map(({ body }) => body)).toEqual(["once"]);
    expect(client.stats().byCategory.log_item?.dropped).toEqual({ before_send: 1 });
  });

  it("may leave anything in a log", async () => {
    const values = hostileValues();
    let next = 0;
    const { logs } = startTelemetry({
      beforeSendLog: ({ attributes }) => {
        const value = values[next++];
        return { level: value, message: value, attributes: { ...attributes, value } } as never;
      },
    });
    for (const _ of values) logger.info("x");
    expect(await logs()).toHaveLength(values.length);
  });

  it("may take everything out of a log", async () => {
    const { logs, transport } = startTelemetry({
      beforeSendLog: () => ({ level: "info", message: "bare", attributes: null as never }),
    });
    logger.info("x");
    await expect(logs()).rejects.toThrow("sentry.environment is missing");
    transport.clear();
  });
});

describe("the logs of a client", () => {
  it("are not built where they are not enabled", async () => {
    const { logs, client } = startTelemetry({ enableLogs: false, beforeSendLog: notToBeCalled });
    const attributes = {
      get value(): never {
        return expect.fail("not to be read");
      },
    };
    logger.info("nothing", attributes);
    expect(await logs()).toEqual([]);
    expect(client.stats().byCategory).toEqual({});
  });

  it("are handed over by hundreds, and counted by item and byte", async () => {
    const { logs, client, transport } = startTelemetry();
    for (let index = 0; index < 1234; index++) logger.info(`log ${index}`);
    const sent = await logs();
    expect(sent.map(({ body }) => body)).toEqual(
      Array.from({ length: 1234 }, (_, index) => `log ${index}`),
    );
    expect(transport.envelopes).toHaveLength(13);
    const { log_item: items, log_byte: bytes } = client.stats().byCategory;
    expect(items).toMatchObject({ captured: 1234, sent: 1234, queued: 0, dropped: {} });
    expect(bytes?.sent).toBe(sent.reduce((sum, log) => sum + byteLength(log), 0));
  });

  it("are handed over when the client is closed, or left by its process", async () => {
    const closed = startTelemetry();
    logger.info("before the end");
    await closed.client.close();
    expect(logsOf(closed.transport.envelopes)).toHaveLength(1);
    logger.info("after the end");
    expect(closed.client.stats().byCategory.log_item).toMatchObject({
      captured: 2,
      sent: 1,
      dropped: { closed: 1 },
    });
    const left = startTelemetry();
    logger.info("at the exit");
    left.client.core.atExit();
    expect(left.client.stats().byCategory.log_item?.captured).toBe(1);
  });

  it("leave five seconds after the first of them, by a timer that was injected", async () => {
    const { client, transport } = startTelemetry();
    const timers: [run: () => void, millis: number][] = [];
    const logs = new LogCapture(client.core, (millis, run) => {
      timers.push([run, millis]);
      return () => undefined;
    });
    const log = { timestamp: 1, level: "info", attributes: {} } as const;
    const correlation = correlationOf(ROOT_CONTEXT);
    for (const message of ["one", "two"]) logs.capture({ ...log, message, correlation });
    expect(timers.map(([, millis]) => millis)).toEqual([5000]);
    expect(client.stats().byCategory.log_item).toBeUndefined();
    timers[0]?.[0]();
    expect(client.stats().byCategory.log_item?.captured).toBe(2);
    await client.flush();
    expect(logsOf(transport.envelopes).map(({ body }) => body)).toEqual(["one", "two"]);
  });

  it("are dropped and counted when a thousand are held", async () => {
    const { client, logs } = startTelemetry();
    const captureBatch = client.core.captureBatch.bind(client.core);
    let isFirst = true;
    client.core.captureBatch = (batch) => {
      captureBatch(batch);
      if (!isFirst) return;
      isFirst = false;
      for (let index = 0; index < 1500; index++) logger.info("more");
    };
    for (let index = 0; index < 100; index++) logger.info("first");
    expect(client.core.ledger.pending()).toMatchObject({ log_item: 500 });
    expect(await logs()).toHaveLength(1100);
    const { log_item: items, log_byte: bytes } = client.stats().byCategory;
    expect(items).toMatchObject({ captured: 1600, dropped: { buffer_overflow: 500 } });
    expect(bytes?.dropped.buffer_overflow).toBeGreaterThan(500 * 100);
  });

  it("have the process attributes that are known when they are sent", async () => {
    const { client, provider, tracer, transport } = startBridge(
      {},
      {
        resource: resourceFromAttributes({
          "service.version": "shop@4",
          "deployment.environment.name": "staging",
          "host.name": "web-4",
        }),
      },
    );
    logger.info("starting");
    logger.info("of another server", { "server.address": "db-1" });
    tracer.startSpan("first request").end();
    await provider.forceFlush();
    await client.flush();
    const values = logsOf(transport.envelopes).map(valuesOf);
    const process = { "sentry.environment": "staging", "sentry.release": "shop@4" };
    expect(values).toEqual([
      expect.objectContaining({ ...process, "server.address": "web-4" }),
      expect.objectContaining({ ...process, "server.address": "db-1" }),
    ]);
  });

  it("reach a server over HTTP, with its client reports", async () => {
    const server = await startIngestServer();
    onTestFinished(() => server.close());
    const { client } = startTelemetry({
      dsn: server.dsn,
      transport: {},
      beforeSendLog: (log) => (log.message === "drop" ? null : log),
    });
    logger.info("drop");
    logger.info("keep é");
    await client.close();
    expect(logsOf(server.envelopes).map(({ body }) => body)).toEqual(["keep é"]);
    const reports = server.envelopes
      .flatMap(({ items }) => items)
      .filter(({ header }) => header.type === "client_report");
    expect(JSON.stringify(reports.map((report) => report.json()))).toMatch(
      /"before_send","category":"log_item","quantity":1.*"category":"log_byte"/,
    );
  });

  it("are counted as lost where the server refuses them", async () => {
    const rejected = { outcome: "rejected", statusCode: 400, limits: NO_LIMITS } as const;
    const { client } = startTelemetry({}, () => rejected);
    logger.info("refused");
    await client.flush();
    expect(client.stats().byCategory.log_item).toMatchObject({ captured: 1, sent: 0 });
    expect(client.stats().byCategory.log_byte?.dropped.send_error).toBeGreaterThan(0);
  });

  it("are not sent while the server limits them, by item or by byte", async () => {
    for (const category of ["log_item", "log_byte"]) {
      const rateLimits = `60:${category}:organization`;
      const limits = { rateLimits, retryAfter: undefined };
      const { client } = startTelemetry({}, () => ({
        outcome: "delivered",
        statusCode: 200,
        limits,
      }));
      logger.info("first");
      await client.flush();
      logger.info("second");
      await client.flush();
      expect(client.stats().byCategory.log_item).toMatchObject({
        sent: 1,
        dropped: { ratelimit_backoff: 1 },
      });
    }
  });

  it("are counted as disabled without a DSN", async () => {
    const { client } = startTelemetry({ dsn: undefined, transport: {} });
    logger.info("nowhere");
    await client.flush();
    expect(client.stats().byCategory.log_item).toMatchObject({ dropped: { disabled: 1 } });
  });
});

const NO_LIMITS = { rateLimits: undefined, retryAfter: undefined };

function byteLength(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

function notToBeCalled(): never {
  return expect.fail("not to be called");
}
