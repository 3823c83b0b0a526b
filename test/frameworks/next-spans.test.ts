import { SpanKind, SpanStatusCode } from "@opentelemetry/api";
import type { Attributes } from "@opentelemetry/api";
import { describe, expect, it } from "vitest";

import { captureHandlerError } from "../../src/index.js";
import type { FinishedSpan } from "../../src/trace/span.js";
import { startBridge } from "../client/bridge.js";
import { startExporter } from "../otel/span-exporter-kit.js";
import { END, spanOf } from "../spans/hand-made-span.js";
import recorded from "./fixtures/next-spans.json" with { type: "json" };

interface RecordedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | null;
  readonly name: string;
  readonly kind: number;
  readonly status: { readonly code: number };
  readonly attributes: Attributes;
  readonly events: readonly { readonly name: string; readonly attributes: Attributes }[];
}

// Recorded with `@vercel/otel` 2.1 and `next start` of Next.js 15.5.29 and 16.4.6; layers without a route are left out.
const BY_VERSION: readonly (readonly [string, readonly RecordedSpan[]])[] =
  Object.entries(recorded);

function finished({ parentSpanId, events, ...span }: RecordedSpan): FinishedSpan {
  return spanOf({
    ...span,
    ...(parentSpanId !== null && { parentSpanId }),
    events: events.map((event) => ({ ...event, time: END })),
    instrumentationScope: { name: "next.js" },
  });
}

describe.each(BY_VERSION)("spans of Next.js %s", (_version, spans) => {
  it("name their transactions by the route, without the file's name and not by the error page", async () => {
    const bench = startExporter();
    bench.export(...spans.map(finished));

    const transactions = await bench.flushed();

    const names = transactions.map(
      ({ transaction, transaction_info: info }) => `${transaction} ${info?.source}`,
    );
    expect(names.toSorted()).toEqual([
      "GET /api/boom route",
      "GET /api/orders/[id] route",
      "GET /boom route",
      "GET /legacy/[id] route",
      "GET /orders/[id] route",
    ]);
  });

  it("report each error once: no replacement without a stack, no missing error page", async () => {
    const bench = startExporter();
    bench.export(...spans.map(finished));
    await bench.flushed();

    const errors = bench.transport.errors().map(({ exception }) => exception?.values.at(-1));

    expect(new Set(errors.map((value) => value?.value))).toEqual(
      new Set(["component failed", "props failed", "route failed"]),
    );
    expect(errors).toHaveLength(3);
    expect(errors.every((value) => (value?.stacktrace?.frames.length ?? 0) > 0)).toBe(true);
  });
});

describe("the route of a Next.js request", () => {
  it.each([
    ["/api/items/42", "/api/items/[id]/route", "/api/items/[id]"],
    ["/api/docs/3/4", "/api/docs/[...slug]/route", "/api/docs/[...slug]"],
    ["/base/api/items/42", "/api/items/[id]/route", "/api/items/[id]"],
    ["/", "/route", "/"],
    ["/map/route", "/map/route", "/map/route"],
    ["/map/route", "/map/route/route", "/map/route"],
  ])("of %s in the file %s is %s", async (path, route, want) => {
    const bench = startExporter();
    const attributes = {
      "http.method": "GET",
      "http.target": path,
      "http.route": route,
      "next.route": route,
    };
    bench.export(spanOf({ name: "GET", kind: SpanKind.SERVER, attributes }));
    const [transaction] = await bench.flushed();
    expect(transaction?.transaction).toBe(`GET ${want}`);
  });

  it("keeps the end of another framework's route", async () => {
    const bench = startExporter();
    const attributes = {
      "http.method": "GET",
      "http.target": "/map/7/route",
      "http.route": "/map/:id/route",
    };
    bench.export(spanOf({ name: "GET", kind: SpanKind.SERVER, attributes }));
    const [transaction] = await bench.flushed();
    expect(transaction?.transaction).toBe("GET /map/:id/route");
  });
});

const REPLACED =
  "An error occurred in the Server Components render. The specific message is omitted in production builds.";

function errorWith(message: string, digest: string): Error {
  return Object.assign(new Error(message), { digest });
}

async function reportedOf(errors: readonly Error[], hook?: Error): Promise<unknown[]> {
  const bridge = startBridge();
  const root = bridge.tracer.startSpan("GET", {
    kind: SpanKind.SERVER,
    attributes: { "http.method": "GET", "http.status_code": 500 },
  });
  const render = bridge.child(root, "render route (app) /boom", {
    attributes: { "next.span_type": "AppRender.getBodyResult" },
  });
  for (const error of errors) render.recordException(error);
  if (hook !== undefined) captureHandlerError(hook);
  render.setStatus({ code: SpanStatusCode.ERROR }).end();
  root.setStatus({ code: SpanStatusCode.ERROR }).end();
  await bridge.flushed();
  return bridge.transport.errors().map(({ exception }) => exception?.values.at(-1)?.value);
}

describe("a server component that fails", () => {
  it("has one event in production, where React replaces its error", async () => {
    expect(await reportedOf([errorWith("failed", "7"), errorWith(REPLACED, "7")])).toEqual([
      "failed",
    ]);
  });

  it("has one event in development, where React copies its error", async () => {
    expect(await reportedOf([errorWith("failed", "7"), errorWith("failed", "7")])).toEqual([
      "failed",
    ]);
  });

  it("has one event where `onRequestError` captures it as well", async () => {
    const error = errorWith("failed", "7");
    expect(await reportedOf([error, errorWith(REPLACED, "7")], error)).toEqual(["failed"]);
  });

  it("has an event for each of two errors", async () => {
    const errors = [errorWith("one", "7"), errorWith("two", "8")];
    const values = await reportedOf([...errors, errorWith(REPLACED, "7")]);
    expect(values.map(String).toSorted()).toEqual(["one", "two"]);
  });

  it("has the replacement where there is nothing else", async () => {
    expect(await reportedOf([errorWith(REPLACED, "7")])).toEqual([REPLACED]);
  });
});
