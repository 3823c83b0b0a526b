import { SpanKind, context } from "@opentelemetry/api";
import type { Attributes } from "@opentelemetry/api";
import { BasicTracerProvider, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { describe, expect, it } from "vitest";

import { SentrySpanExporter, captureException } from "../../src/index.js";
import type { ClientOptions } from "../../src/index.js";
import type { ReceivedTransaction } from "../../src/testing/received.js";
import { DSN, contextOf, startBridge } from "../client/bridge.js";
import { createMemoryTransport } from "../../src/testing/testing.js";

// As `@opentelemetry/instrumentation-http` 0.223 and 0.5x record a request.
const CURRENT = {
  "http.request.method": "POST",
  "url.scheme": "https",
  "server.address": "shop.example",
  "url.path": "/orders",
  "url.query": "token=abc&q=1",
  "user_agent.original": "test/1.0",
  "client.address": "10.0.0.9",
  "http.request.header.x-api-key": ["k"],
};
const OLD = {
  "http.method": "POST",
  "http.scheme": "https",
  "http.host": "shop.example",
  "http.target": "/orders?token=abc&q=1",
  "http.user_agent": "test/1.0",
  "http.client_ip": "10.0.0.9",
  "http.request.header.x_api_key": ["k"],
};

const REQUEST = {
  method: "POST",
  url: "https://shop.example/orders",
  query_string: "token=[Filtered]&q=1",
  headers: { "User-Agent": "test/1.0", "X-Api-Key": "[Filtered]" },
};

async function sendRoot(
  kind: SpanKind,
  attributes: Attributes,
  options: ClientOptions = {},
): Promise<ReceivedTransaction | undefined> {
  const bridge = startBridge(options);
  bridge.tracer.startSpan("root", { kind, attributes }).end();
  return (await bridge.flushed())[0];
}

describe("the transaction of a request", () => {
  it.each([
    ["current", CURRENT],
    ["old", OLD],
  ])("carries it, by the %s conventions", async (_which, attributes) => {
    expect((await sendRoot(SpanKind.SERVER, attributes))?.["request"]).toEqual(REQUEST);
  });

  it("says of it what an error in it says", async () => {
    const bridge = startBridge();
    const root = bridge.tracer.startSpan("root", { kind: SpanKind.SERVER, attributes: CURRENT });
    context.with(contextOf(root), () => captureException(new Error("x")));
    root.end();
    const [transaction] = await bridge.flushed();
    expect(transaction?.["request"]).toEqual(bridge.transport.errors()[0]?.request);
  });

  it("knows what was recorded until the root's end", async () => {
    const bridge = startBridge();
    const root = bridge.tracer.startSpan("root", { kind: SpanKind.SERVER, attributes: CURRENT });
    root.setAttribute("url.path", "/late").end();
    const [transaction] = await bridge.flushed();
    expect(transaction?.["request"]).toMatchObject({ url: "https://shop.example/late" });
  });

  it("has the client's address with `sendDefaultPii` only", async () => {
    const withAddress = { env: { REMOTE_ADDR: "10.0.0.9" } };
    const options = { sendDefaultPii: true };
    const sent = await sendRoot(SpanKind.SERVER, CURRENT, options);
    expect(sent?.["request"]).toMatchObject(withAddress);
    expect(JSON.stringify(await sendRoot(SpanKind.SERVER, CURRENT))).not.toContain("10.0.0.9");
  });

  it("shows it to event processors and `beforeSendTransaction`, whose change counts", async () => {
    const seen: unknown[] = [];
    const sent = await sendRoot(SpanKind.SERVER, CURRENT, {
      beforeSendTransaction(event) {
        seen.push(event.request);
        return { ...event, request: { ...event.request, data: "body" } };
      },
    });
    expect(seen).toEqual([REQUEST]);
    expect(sent?.["request"]).toEqual({ ...REQUEST, data: "body" });
  });

  it("is sent behind `SentrySpanExporter` alike", async () => {
    const transport = createMemoryTransport();
    const exporter = new SentrySpanExporter({ dsn: DSN, transport });
    const provider = new BasicTracerProvider({
      spanProcessors: [new SimpleSpanProcessor(exporter)],
    });
    const options = { kind: SpanKind.SERVER, attributes: CURRENT };
    provider.getTracer("test").startSpan("root", options).end();
    await provider.forceFlush();
    expect(transport.transactions()[0]?.["request"]).toEqual(REQUEST);
    await provider.shutdown();
  });
});

describe("no request is on the transaction of", () => {
  it.each([SpanKind.INTERNAL, SpanKind.CLIENT, SpanKind.PRODUCER, SpanKind.CONSUMER])(
    "a root of kind %i, whatever its attributes",
    async (kind) => {
      expect(await sendRoot(kind, CURRENT)).not.toHaveProperty("request");
    },
  );

  it("a SERVER root that is no HTTP request", async () => {
    const attributes = { "rpc.system": "grpc", "rpc.service": "Shop" };
    expect(await sendRoot(SpanKind.SERVER, attributes)).not.toHaveProperty("request");
  });

  it("spans that go without their root", async () => {
    const bridge = startBridge();
    const root = bridge.tracer.startSpan("root", { kind: SpanKind.SERVER, attributes: CURRENT });
    const late = bridge.child(root, "late");
    root.end();
    await bridge.flushed();
    late.end();
    const sent = await bridge.flushed();
    expect(sent).toHaveLength(2);
    expect(sent.filter((each) => "request" in each)).toHaveLength(1);
  });
});
