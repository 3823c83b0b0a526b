import { ROOT_CONTEXT, SpanKind, defaultTextMapGetter } from "@opentelemetry/api";
import { describe, expect, it } from "vitest";

import { SentryPropagator } from "../../src/index.js";
import type { ReceivedTransaction } from "../../src/testing/testing.js";
import { startBridge } from "../client/bridge.js";
import type { Bridge } from "../client/bridge.js";
import { startDecider } from "../propagation-processes/decider.js";

const ROOTS = 10_000;
// At two more rates; the shares at these are expected within five standard deviations.
const FEWER_ROOTS = 2_500;
// Below the 10,000 envelopes that the queue holds.
const PORTION = 1_250;

/** Starts root spans outside of any unit of work; returns all trace ids and those that were sent. */
async function startRoots(
  bridge: Bridge,
  roots: number,
): Promise<{ started: string[]; sent: Set<string> }> {
  const started: string[] = [];
  while (started.length < roots) {
    for (let count = 0; count < PORTION; count++) {
      const root = bridge.tracer.startSpan("job", { root: count % 2 === 0 });
      started.push(root.spanContext().traceId);
      root.end();
    }
    await bridge.client.flush();
  }
  return { started, sent: traceIdsOf(await bridge.flushed()) };
}

function traceIdsOf(transactions: readonly ReceivedTransaction[]): Set<string> {
  return new Set(transactions.map(({ contexts }) => contexts.trace?.trace_id ?? ""));
}

function traceparentOf(traceId: string): string {
  return `00-${traceId}-b7ad6b7169203331-01`;
}

/** Continues these traces by `traceparent` alone, as another service; returns those that it sent. */
async function decidedBy(bridge: Bridge, traceIds: readonly string[]): Promise<Set<string>> {
  const propagator = new SentryPropagator();
  for (const traceId of traceIds) {
    const headers = { traceparent: traceparentOf(traceId) };
    const ctx = propagator.extract(ROOT_CONTEXT, headers, defaultTextMapGetter);
    bridge.tracer.startSpan("GET", { kind: SpanKind.SERVER }, ctx).end();
  }
  return traceIdsOf(await bridge.flushed());
}

describe(`${ROOTS} root spans outside of any unit of work, at rate 0.5`, () => {
  it("are as many traces, half of which are sent; every service decides alike about each", async () => {
    const one = startBridge({ tracesSampleRate: 0.5 });
    const { started, sent } = await startRoots(one, ROOTS);
    expect(new Set(started).size).toBe(ROOTS);
    expect(sent.size).toBeGreaterThan(4_800);
    expect(sent.size).toBeLessThan(5_200);
    expect(one.client.stats().transactions.dropped).toEqual({ sample_rate: ROOTS - sent.size });

    // All settings differ except the rate.
    const other = startBridge({ tracesSampleRate: 0.5, dsn: "https://k@o9.ingest.example.com/7" });
    expect(await decidedBy(other, started)).toEqual(sent);

    const decider = await startDecider(0.5);
    expect(new Set(await decider.decide(started.map(traceparentOf)))).toEqual(sent);
    await decider.stop();
  });
});

describe(`${FEWER_ROOTS} root spans outside of any unit of work, at rate 0.5`, () => {
  it("are kept by a service with a higher rate wherever one with a lower rate keeps them", async () => {
    const half = startBridge({ tracesSampleRate: 0.5 });
    const { started, sent } = await startRoots(half, FEWER_ROOTS);
    const fewer = await decidedBy(startBridge({ tracesSampleRate: 0.2 }), started);
    const more = await decidedBy(startBridge({ tracesSampleRate: 0.7 }), started);
    expect([...fewer].every((id) => sent.has(id))).toBe(true);
    expect([...sent].every((id) => more.has(id))).toBe(true);
    expect([fewer.size / FEWER_ROOTS, more.size / FEWER_ROOTS]).toEqual([
      expect.closeTo(0.2, 1),
      expect.closeTo(0.7, 1),
    ]);
  });
});
