import { ROOT_CONTEXT, defaultTextMapGetter, trace } from "@opentelemetry/api";
import { describe, expect, it } from "vitest";

import { TracePropagator } from "../../src/otel/propagator.js";

const TRACE_ID = "0123456789abcdef0123456789abcdef";
const SENTRY_TRACE = `${TRACE_ID}-0123456789abcdef-1`;

/** Lists in lists: each level names the next one twice, so that there are 2 ** 60 paths. */
function doubled(): unknown {
  let list: unknown = ["x"];
  for (let level = 0; level < 60; level += 1) list = [list, list];
  return list;
}

function cyclic(): unknown[] {
  const list: unknown[] = ["x"];
  list.push(list, list);
  return list;
}

describe("headers without end are read within a bound", () => {
  it.each<[string, () => unknown]>([
    ["a list of 2 ** 32 - 1 places", () => Object.assign([] as unknown[], { length: 2 ** 32 - 1 })],
    ["many long texts", () => Array.from({ length: 100_000 }, () => "a=b,".repeat(1000))],
    ["lists in lists", doubled],
    ["a list of itself", cyclic],
    ["bytes", () => Buffer.alloc(10_000_000, ",")],
    ["a text", () => `sentry-release=1${",a=b".repeat(5_000_000)}`],
    ["white space", () => " ".repeat(20_000_000)],
  ])("%s", (_what, make) => {
    const propagator = new TracePropagator();
    const carrier = { "sentry-trace": SENTRY_TRACE, baggage: make(), tracestate: make() };
    const ctx = propagator.extract(ROOT_CONTEXT, carrier, defaultTextMapGetter as never);
    expect(trace.getSpanContext(ctx)?.traceId).toBe(TRACE_ID);
    const written: Record<string, string> = {};
    const setter = {
      set: (_carrier: unknown, key: string, value: string) => {
        written[key] = value;
      },
    };
    propagator.inject(ctx, { baggage: make() }, setter);
    expect((written["baggage"] ?? "").length).toBeLessThanOrEqual(8192);
    expect(written["sentry-trace"]).toContain(TRACE_ID);
  });
});
