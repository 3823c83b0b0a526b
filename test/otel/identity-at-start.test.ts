import { ROOT_CONTEXT, context, diag, trace } from "@opentelemetry/api";
import type { Span } from "@opentelemetry/api";
import { resourceFromAttributes } from "@opentelemetry/resources";
import type { Resource } from "@opentelemetry/resources";
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import { afterEach, describe, expect, it, vi } from "vitest";

import {
  captureCheckIn,
  captureException,
  captureFeedback,
  getTraceHeaders,
  logger,
  metrics,
  withMonitor,
} from "../../src/index.js";
import type { ClientOptions } from "../../src/index.js";
import { parseBaggage } from "../../src/trace/baggage.js";
import type { ReadEnvelope } from "../../src/testing/testing.js";
import { startBridge } from "../client/bridge.js";
import type { Bridge } from "../client/bridge.js";

afterEach(() => {
  vi.unstubAllEnvs();
});

const NEVER = new Promise<string>(() => undefined);

const STAGING = { "deployment.environment.name": "staging", "service.version": "1.2.3" };

function deferred(): { promise: Promise<string>; resolve: (value: string) => void } {
  let resolve: ((value: string) => void) | undefined;
  const promise = new Promise<string>((settle) => {
    resolve = settle;
  });
  return { promise, resolve: (value) => resolve?.(value) };
}

async function releaseWith(options: ClientOptions, resource: Resource): Promise<unknown> {
  const bridge = startBridge(options, { resource });
  bridge.tracer.startSpan("root").end();
  return (await bridge.flushed())[0]?.release;
}

// As a default NodeSDK makes it: the id of the host is looked up by a command.
function pendingResource(attributes: Record<string, string | Promise<string>>): Resource {
  return resourceFromAttributes({ "service.name": "shop", "host.id": NEVER, ...attributes });
}

async function sentBy(bridge: Bridge): Promise<readonly ReadEnvelope[]> {
  await bridge.client.flush(200);
  return bridge.transport.envelopes;
}

interface Identity {
  readonly type: string;
  readonly release: unknown;
  readonly environment: unknown;
}

/** What each item says of the process, whatever its form. */
function identities(envelopes: readonly ReadEnvelope[]): Identity[] {
  return envelopes.flatMap(({ items }) =>
    items
      .filter(({ header }) => header.type !== "client_report")
      .flatMap((item) => {
        const { header } = item;
        const payload = item.json() as Record<string, unknown>;
        const { release, environment } = payload;
        const { items: contained = [] } = payload as { items?: readonly LogItem[] };
        const attributes = contained.map((each) => ({
          type: header.type,
          release: each.attributes["sentry.release"]?.value,
          environment: each.attributes["sentry.environment"]?.value,
        }));
        return "items" in payload ? attributes : [{ type: header.type, release, environment }];
      }),
  );
}

interface LogItem {
  readonly attributes: Readonly<Record<string, { readonly value: unknown } | undefined>>;
}

function dscs(envelopes: readonly ReadEnvelope[]): unknown[] {
  return envelopes.map(({ header }) => header["trace"]).filter((dsc) => dsc !== undefined);
}

function captureEverything(): void {
  captureException(new Error("early"));
  captureCheckIn({ monitorSlug: "nightly", status: "ok" });
  captureFeedback({ message: "nice" });
  logger.info("hello");
  metrics.count("starts");
}

describe("while the resource is pending", () => {
  it("events in a span and outside have the attributes that are known synchronously", async () => {
    const bridge = startBridge({}, { resource: pendingResource(STAGING) });
    bridge.tracer.startActiveSpan("boot", (span) => {
      captureEverything();
      span.end();
    });
    captureEverything();
    const envelopes = await sentBy(bridge);
    const expected = { release: "1.2.3", environment: "staging" };
    expect(identities(envelopes)).toHaveLength(11);
    for (const identity of identities(envelopes)) expect(identity).toMatchObject(expected);
    for (const dsc of dscs(envelopes)) expect(dsc).toMatchObject(expected);
    expect(bridge.warnings).toEqual([]);
  });

  it("the headers of the first request say it as well", () => {
    const bridge = startBridge({}, { resource: pendingResource(STAGING) });
    const root = bridge.tracer.startSpan("boot");
    expect(headerMembers(root)).toMatchObject({
      "sentry-release": "1.2.3",
      "sentry-environment": "staging",
    });
    root.end();
  });

  it("its detectors are waited for once, from the first span on", () => {
    const resource = pendingResource(STAGING);
    const wait = vi.spyOn(resource, "waitForAsyncAttributes");
    const bridge = startBridge({}, { resource });
    expect(wait).not.toHaveBeenCalled();
    const root = bridge.tracer.startSpan("boot");
    expect(wait).toHaveBeenCalledTimes(1);
    bridge.child(root).end();
    root.end();
    bridge.tracer.startSpan("another").end();
    expect(wait).toHaveBeenCalledTimes(1);
  });

  it("what a detector finds is said from then on, without a transaction before", async () => {
    const detected = Promise.resolve("9.9.9");
    const bridge = startBridge({}, { resource: pendingResource({ "service.version": detected }) });
    // `host.id` never comes: the version counts by itself, as soon as it is there.
    const root = bridge.tracer.startSpan("boot");
    await new Promise((turn) => {
      setImmediate(turn);
    });
    captureException(new Error("later"));
    root.end();
    const released = identities(await sentBy(bridge)).map(({ type, release }) => [type, release]);
    expect(released).toEqual([
      ["event", "9.9.9"],
      ["transaction", "9.9.9"],
    ]);
  });

  it("nothing reads its attributes, which would log an error", async () => {
    const errors = vi.spyOn(diag, "error");
    const bridge = startBridge({}, { resource: pendingResource(STAGING) });
    bridge.tracer.startSpan("boot").end();
    captureEverything();
    await bridge.client.flush(100);
    expect(errors).not.toHaveBeenCalled();
    errors.mockRestore();
  });
});

describe("the sampling context of a segment", () => {
  it("says what its events say, also when the resource says more in the meantime", async () => {
    const { promise: version, resolve } = deferred();
    const resource = resourceFromAttributes({ "service.version": version });
    const bridge = startBridge({}, { resource });
    const early = bridge.tracer.startSpan("early");
    expect(headerMembers(early)).not.toHaveProperty("sentry-release");
    const late = bridge.tracer.startSpan("late");
    resolve("2.0");
    await resource.waitForAsyncAttributes?.();
    early.end();
    late.end();
    await bridge.client.flush();
    for (const { header, items } of bridge.transport.envelopes) {
      const [item] = items;
      const { release, transaction } = (item?.json() ?? {}) as Record<string, unknown>;
      expect(release).toBe(transaction === "late" ? "2.0" : undefined);
      expect((header["trace"] as Record<string, unknown>)["release"]).toBe(release);
    }
  });

  it("is that of its own provider where two providers share a client", async () => {
    const bridge = startBridge(
      {},
      { resource: resourceFromAttributes({ "service.version": "1" }) },
    );
    bridge.tracer.startSpan("one").end();
    const second = new BasicTracerProvider({
      resource: resourceFromAttributes({ "service.version": "2" }),
      spanProcessors: [bridge.processor],
    });
    const root = second.getTracer("t").startSpan("two");
    expect(headerMembers(root)).toMatchObject({ "sentry-release": "2" });
    context.with(trace.setSpan(ROOT_CONTEXT, root), () => captureException(new Error("in two")));
    root.end();
    const envelopes = await sentBy(bridge);
    expect(identities(envelopes).map(({ release }) => release)).toEqual(["2", "1", "2"]);
    expect(dscs(envelopes)).toMatchObject([{ release: "2" }, { release: "1" }, { release: "2" }]);
  });
});

describe("before the first span", () => {
  it("OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME count", async () => {
    vi.stubEnv(
      "OTEL_RESOURCE_ATTRIBUTES",
      "deployment.environment.name=st%20aging,service.version=1.2.3,host.name=web-7",
    );
    vi.stubEnv("OTEL_SERVICE_NAME", "shop");
    const bridge = startBridge();
    captureEverything();
    const envelopes = await sentBy(bridge);
    for (const identity of identities(envelopes))
      expect(identity).toMatchObject({ release: "1.2.3", environment: "st aging" });
    expect(bridge.transport.errors()[0]).toMatchObject({
      server_name: "web-7",
      contexts: { otel: { resource: { "service.name": "shop" } } },
    });
  });

  it("they give way to the resource, SENTRY_* to neither, and the options to nothing", async () => {
    vi.stubEnv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment=o,service.version=o");
    const silent = resourceFromAttributes({});
    const telling = resourceFromAttributes({ "service.version": "r" });
    expect(await releaseWith({}, silent)).toBe("o");
    expect(await releaseWith({}, telling)).toBe("r");
    vi.stubEnv("SENTRY_RELEASE", "s");
    expect(await releaseWith({}, telling)).toBe("s");
    expect(await releaseWith({ release: "c" }, telling)).toBe("c");
  });

  it.each([
    "no pair",
    "service.version=%ZZ",
    "service.version=1=2",
    "=1",
    `service.version=${"x".repeat(300)}`,
  ])("a malformed variable counts for nothing: %s", async (text) => {
    vi.stubEnv("OTEL_RESOURCE_ATTRIBUTES", `deployment.environment.name=staging,${text}`);
    const bridge = startBridge();
    captureException(new Error("early"));
    expect(identities(await sentBy(bridge))).toMatchObject([{ environment: "production" }]);
  });
});

describe("the check-ins of one id", () => {
  it("say the environment of the first, by hand", async () => {
    const bridge = startBridge({}, { resource: resourceFromAttributes(STAGING) });
    const checkInId = captureCheckIn({ monitorSlug: "nightly", status: "in_progress" });
    bridge.tracer.startSpan("later").end();
    const dashed = checkInId.toUpperCase().replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
    captureCheckIn({ monitorSlug: "nightly", status: "ok", checkInId: dashed });
    const checkIns = identities(await sentBy(bridge)).filter(({ type }) => type === "check_in");
    expect(checkIns.map(({ environment }) => environment)).toEqual(["production", "production"]);
  });

  it("say the environment of the first, around a job", async () => {
    const { promise: name, resolve } = deferred();
    const resource = resourceFromAttributes({ "deployment.environment.name": name });
    const bridge = startBridge({}, { resource });
    trace.setGlobalTracerProvider(bridge.provider);
    await withMonitor("nightly", async () => {
      resolve("late");
      await resource.waitForAsyncAttributes?.();
    });
    trace.disable();
    const checkIns = identities(await sentBy(bridge)).filter(({ type }) => type === "check_in");
    expect(checkIns.map(({ environment }) => environment)).toEqual(["production", "production"]);
  });
});

// A header is written by the process-wide client, which is the bridge's.
function headerMembers(span: Span): Record<string, string> {
  const { baggage = "" } = getTraceHeaders(trace.setSpan(ROOT_CONTEXT, span));
  return Object.fromEntries(parseBaggage(baggage).map(({ key, value }) => [key, value]));
}
