import { ROOT_CONTEXT, trace } from "@opentelemetry/api";
import type { Attributes, Context } from "@opentelemetry/api";
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import { afterEach, describe, expect, it } from "vitest";

import { SentryPropagator, createClient, setClient } from "../../src/index.js";
import type { ClientOptions } from "../../src/index.js";
import { readContextScopes } from "../../src/context/scope-context.js";
import { createMemoryTransport } from "../../src/testing/testing.js";
import { DSN } from "../client/bridge.js";
import { TRACE, extract, inject, spanOf, withSpan } from "./propagation-kit.js";

const tracer = new BasicTracerProvider().getTracer("test");

afterEach(() => setClient(undefined));

function clientWith(options: ClientOptions): void {
  setClient(undefined);
  createClient({ dsn: DSN, transport: createMemoryTransport(), ...options });
}

function requestTo(url: string | undefined, key = "url.full"): Context {
  const attributes: Attributes = url === undefined ? {} : { [key]: url };
  return trace.setSpan(ROOT_CONTEXT, tracer.startSpan("GET", { attributes }));
}

const hasHeaders = (ctx: Context): boolean =>
  "sentry-trace" in inject(ctx, {}, new SentryPropagator());

describe("tracePropagationTargets", () => {
  it.each([
    ["https://api.example.com/orders", ["api.example.com"], true],
    ["https://api.example.com/orders", [/\/orders$/], true],
    ["https://api.example.com/orders", ["other", /^http:/], false],
    ["https://api.example.com/orders", [], false],
    ["https://api.example.com/orders", undefined, true],
    [undefined, [], true],
  ])("for %s with %o: %s", (url, tracePropagationTargets, expected) => {
    clientWith({ tracePropagationTargets });
    expect(hasHeaders(requestTo(url))).toBe(expected);
    expect(hasHeaders(requestTo(url, "http.url"))).toBe(expected);
  });

  it("adds headers for a non-recording span, whose URL is unknown", () => {
    clientWith({ tracePropagationTargets: [] });
    expect(hasHeaders(withSpan({ traceFlags: 0 }))).toBe(true);
  });

  it("does not stop a trace that comes in", () => {
    clientWith({ tracePropagationTargets: [] });
    const ctx = extract({ "sentry-trace": `${TRACE}-b0e6f15b45c36b12-1` }, ROOT_CONTEXT);
    expect(spanOf(ctx)?.traceId).toBe(TRACE);
  });
});

describe("the server that envelopes are sent to", () => {
  it.each([
    ["https://o7.ingest.example.com/api/42/envelope/", false],
    ["https://user@O7.ingest.example.com:443/", false],
    ["https://o7.ingest.example.com:8443/", true],
    ["https://o7.ingest.example.com.evil.org/", true],
    ["https://example.com/?next=https://o7.ingest.example.com/", true],
  ])("%s gets headers: %s", (url, expected) => {
    clientWith({});
    expect(hasHeaders(requestTo(url))).toBe(expected);
  });
});

function headers(org: string | undefined): Record<string, string> {
  const member = org === undefined ? "" : `,sentry-org_id=${org}`;
  return {
    "sentry-trace": `${TRACE}-b0e6f15b45c36b12-1`,
    traceparent: `00-${TRACE}-b0e6f15b45c36b12-01`,
    baggage: `sentry-trace_id=${TRACE},sentry-public_key=k${member}`,
  };
}

describe("a trace of another organization", () => {
  it.each([
    ["7", undefined, true],
    ["8", undefined, false],
    [undefined, undefined, true],
    [undefined, true, false],
    ["7", true, true],
  ])("(%s, strict: %s) is continued: %s", (org, strictTraceContinuation, expected) => {
    clientWith({ strictTraceContinuation });
    const ctx = extract(headers(org), ROOT_CONTEXT, new SentryPropagator());
    expect(spanOf(ctx)?.traceId).toBe(expected ? TRACE : undefined);
    expect(readContextScopes(ctx)?.incoming?.traceId).toBe(expected ? TRACE : undefined);
  });

  it("is not continued because another propagator has read it before, either", () => {
    clientWith({});
    const read = withSpan({ isRemote: true });
    const ctx = extract(headers("8"), read, new SentryPropagator());
    expect(spanOf(ctx)).toBeUndefined();
  });

  it("starts a unit of its own all the same", () => {
    clientWith({});
    const one = extract(headers("8"), ROOT_CONTEXT, new SentryPropagator());
    const two = extract(headers("8"), ROOT_CONTEXT, new SentryPropagator());
    expect(readContextScopes(one)?.unit).not.toBe(readContextScopes(two)?.unit);
  });
});
