import { _INTERNAL_captureLog, Scope as PeerScope } from "@sentry/core";
import { ROOT_CONTEXT, context } from "@opentelemetry/api";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import {
  SentryPropagator,
  captureMessage,
  getCurrentScope,
  getGlobalScope,
  getIsolationScope,
  setTag,
  setUser,
  withIsolationScope,
  withScope,
} from "../../src/index.js";
import { logger } from "../../src/logs/logger.js";
import { contextOf, startBridge } from "../client/bridge.js";
import { hostileValues } from "./hostile-values.js";
import { PROCESS, PROCESS_ATTRIBUTES, startTelemetry } from "./telemetry-kit.js";
import { logsOf, valuesOf } from "./telemetry-rules.js";
import { CHARACTER } from "../property/characters.js";

describe("logger", () => {
  it("sends one log per call, with its level, body and typed attributes", async () => {
    const { logs, transport } = startTelemetry(PROCESS);
    const before = Date.now() / 1000;
    for (const level of ["trace", "debug", "info", "warn", "error", "fatal"] as const)
      logger[level](`at ${level}`, { count: 2, ratio: 0.5, paid: true, name: "é" });
    const sent = await logs();
    expect(sent.map(({ level, body, severity_number: n }) => [level, body, n])).toEqual([
      ["trace", "at trace", 1],
      ["debug", "at debug", 5],
      ["info", "at info", 9],
      ["warn", "at warn", 13],
      ["error", "at error", 17],
      ["fatal", "at fatal", 21],
    ]);
    expect(sent[0]?.attributes).toEqual({
      ...Object.fromEntries(
        Object.entries(PROCESS_ATTRIBUTES).map(([key, value]) => [key, { type: "string", value }]),
      ),
      count: { type: "integer", value: 2 },
      ratio: { type: "double", value: 0.5 },
      paid: { type: "boolean", value: true },
      name: { type: "string", value: "é" },
      "sentry.timestamp.sequence": { type: "integer", value: expect.any(Number) as number },
    });
    expect(sent[0]?.timestamp).toBeGreaterThanOrEqual(before);
    expect(transport.envelopes).toHaveLength(1);
  });

  it("numbers the logs of one millisecond", async () => {
    const { logs } = startTelemetry();
    for (let index = 0; index < 200; index++) logger.info("tick");
    const sent = await logs();
    const keys = sent.map(
      (log) => `${log.timestamp}/${String(log.attributes["sentry.timestamp.sequence"]?.value)}`,
    );
    expect(new Set(keys).size).toBe(200);
    expect(keys.toSorted(byTime)).toEqual(keys);
  });

  it("sends a template and its parameters, and the text that they make", async () => {
    const { logs } = startTelemetry();
    logger.info(logger.fmt`user ${12} bought ${"tea"} at 5% off`, { shop: "a" });
    logger.info(logger.fmt`nothing to fill in`);
    logger.warn({ message: "hello Ada", template: "hello {name}", parameters: { name: "Ada" } });
    const [first, second, third] = await logs();
    expect(first?.body).toBe("user 12 bought tea at 5% off");
    expect(valuesOf(first)).toMatchObject({
      shop: "a",
      "sentry.message.template": "user %s bought %s at 5%% off",
      "sentry.message.parameter.0": 12,
      "sentry.message.parameter.1": "tea",
    });
    expect(second?.body).toBe("nothing to fill in");
    expect(second?.attributes).not.toHaveProperty(["sentry.message.template"]);
    expect(valuesOf(third)).toMatchObject({
      "sentry.message.template": "hello {name}",
      "sentry.message.parameter.name": "Ada",
    });
  });

  it("belongs to the active span", async () => {
    const { tracer, client, transport } = startBridge();
    const span = tracer.startSpan("root");
    context.with(contextOf(span), () => logger.info("inside"));
    span.end();
    await client.flush();
    const [log] = logsOf(transport.envelopes);
    const { traceId, spanId } = span.spanContext();
    expect(log).toMatchObject({ trace_id: traceId, span_id: spanId });
  });

  it("belongs to the trace that a request continues before a span has started", async () => {
    const { logs } = startTelemetry();
    const traceId = "0af7651916cd43dd8448eb211c80319c";
    const carrier = { "sentry-trace": `${traceId}-b7ad6b7169203331-1` };
    const ctx = new SentryPropagator().extract(ROOT_CONTEXT, carrier, {
      get: (from: typeof carrier, key) => (key === "sentry-trace" ? from[key] : undefined),
      keys: Object.keys,
    });
    context.with(ctx, () => logger.info("early"));
    const [log] = await logs();
    expect(log?.trace_id).toBe(traceId);
    expect(log).not.toHaveProperty("span_id");
  });

  it("has one trace id per unit of work outside of all spans", async () => {
    const { logs } = startTelemetry();
    logger.info("process");
    withIsolationScope(() => {
      logger.info("unit");
      withScope(() => logger.info("unit"));
    });
    withIsolationScope(() => logger.info("other unit"));
    logger.info("process");
    const ids = (await logs()).map(({ trace_id: id }) => id);
    expect(ids[0]).toBe(ids[4]);
    expect(ids[1]).toBe(ids[2]);
    expect(new Set(ids).size).toBe(3);
  });

  it("shares its trace with the errors of its unit", async () => {
    const { logs, transport } = startTelemetry();
    withIsolationScope(() => {
      logger.info("before");
      captureMessage("an error");
    });
    const [log] = await logs();
    expect(transport.errors()[0]?.contexts?.trace?.trace_id).toBe(log?.trace_id);
  });

  it("carries the scopes' attributes and user, the most specific first, and no tags", async () => {
    const { logs } = startTelemetry();
    getGlobalScope().setAttributes({
      region: "eu",
      tier: "global",
      size: { value: 3, unit: "byte" },
    });
    withIsolationScope(() => {
      setTag("a_tag", "x");
      setUser({ id: 7, email: "ada@example.com", username: "ada", ip_address: "192.0.2.1" });
      getIsolationScope().setAttributes({ tier: "isolation", plan: "pro" });
      withScope(() => {
        getCurrentScope().setAttributes({ plan: "current", own: "scope" });
        logger.info("inside", { own: "log" });
      });
    });
    getGlobalScope().clear();
    const [log] = await logs();
    expect(valuesOf(log)).toMatchObject({
      region: "eu",
      tier: "isolation",
      plan: "current",
      own: "log",
      "user.id": "7",
      "user.name": "ada",
      "user.email": "ada@example.com",
    });
    expect(log?.attributes["size"]).toEqual({ type: "integer", value: 3, unit: "byte" });
    expect(JSON.stringify(log)).not.toMatch(/192\.0\.2\.1|a_tag/);
  });

  it("does not say that an application's own log is from an integration", async () => {
    const { logs } = startTelemetry();
    logger.info("own");
    const [log] = await logs();
    expect(log?.attributes).not.toHaveProperty(["sentry.origin"]);
  });

  it("types attributes as @sentry/core does", async () => {
    const attributes = { text: "x", whole: 3, part: 0.5, yes: true, list: ["a"], map: { a: [1] } };
    const peer = attributesOfPeer(attributes);
    const { logs } = startTelemetry();
    logger.info("same", attributes);
    const [log] = await logs();
    for (const key of Object.keys(attributes)) expect(log?.attributes[key]).toEqual(peer[key]);
  });
});

describe("the arguments of the logger", () => {
  it("may be of any type", async () => {
    const { logs, client } = startTelemetry();
    const values = hostileValues();
    for (const value of values) {
      logger.info(value as string, { value });
      logger.info("text", value as Record<string, unknown>);
      logger.info(logger.fmt`${value} and ${value}`, { value });
      logger.info({ message: value, template: "t", parameters: value } as never);
    }
    expect(await logs()).toHaveLength(values.length * 4);
    expect(client.stats().byCategory.log_item?.dropped).toEqual({});
  });

  it("may be any generated value", async () => {
    const { logs } = startTelemetry();
    let count = 0;
    fc.assert(
      fc.property(
        fc.string({ unit: CHARACTER }),
        fc.dictionary(fc.string({ unit: CHARACTER }), fc.anything({ withBigInt: true })),
        (message, attributes) => {
          logger.info(message, attributes);
          count += 1;
        },
      ),
    );
    expect(await logs()).toHaveLength(count);
  });

  it("may be long: texts are cut, and no log exceeds a megabyte", async () => {
    const { logs } = startTelemetry();
    const long = "\u0001".repeat(1_000_000);
    logger.info(long, Object.fromEntries(Array.from({ length: 99 }, (_, i) => [`k${i}`, long])));
    const [log] = await logs();
    expect(log?.body.length).toBeLessThan(33_000);
    expect(JSON.stringify(log).length).toBeLessThan(2 ** 20);
  });

  it("cannot replace attributes that the bridge writes", async () => {
    const { logs } = startTelemetry({ environment: "test" });
    logger.info("x", { "sentry.environment": "y", "sentry.timestamp.sequence": "z", __proto__: 1 });
    const [log] = await logs();
    expect(valuesOf(log)["sentry.environment"]).toBe("test");
    expect(valuesOf(log)["sentry.timestamp.sequence"]).toEqual(expect.any(Number));
  });
});

function byTime(one: string, other: string): number {
  const [time = 0, sequence = 0] = one.split("/").map(Number);
  const [otherTime = 0, otherSequence = 0] = other.split("/").map(Number);
  return time - otherTime || sequence - otherSequence;
}

function attributesOfPeer(attributes: Record<string, unknown>): Record<string, unknown> {
  const taken: { attributes?: Record<string, unknown> }[] = [];
  const client = {
    getOptions: () => ({}),
    getSdkMetadata: () => undefined,
    getIntegrationByName: () => undefined,
    getDsn: () => undefined,
    emit: () => undefined,
  };
  const scope = new PeerScope();
  scope.setClient(client as never);
  _INTERNAL_captureLog({ level: "info", message: "same", attributes }, scope, (_, log) => {
    taken.push(log);
  });
  return taken[0]?.attributes ?? {};
}
