import { createHash } from "node:crypto";

import { ROOT_CONTEXT, context, trace } from "@opentelemetry/api";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import { describe, expect, it } from "vitest";

import { SentrySampler, continueTrace, setClient } from "../../src/index.js";
import type { ClientOptions } from "../../src/index.js";
import type { Bridge } from "../client/bridge.js";
import { startBridge } from "../client/bridge.js";

const TRACE = "4c79f60c11214eb38604f4ae0781bfb2";

/** A pipeline whose head sampler is ours. */
function startSampled(options: ClientOptions): Bridge {
  return startBridge(options, { sampler: new SentrySampler() });
}

/** Ids of the traces that are sent, of those that come in with these. */
async function kept(setUp: Bridge, ids: readonly string[]): Promise<string[]> {
  for (const traceId of ids) {
    const parent = { traceId, spanId: "b0e6f15b45c36b12", traceFlags: 1, isRemote: true };
    setUp.know(parent.spanId);
    setUp.tracer.startSpan("root", {}, trace.setSpanContext(ROOT_CONTEXT, parent)).end();
  }
  return (await setUp.flushed()).map(({ contexts }) => String(contexts.trace?.trace_id));
}

describe("SentrySampler", () => {
  it("keeps and refuses whole traces by the rate, and the client counts what it refuses", async () => {
    const bridge = startSampled({ tracesSampleRate: 0.5 });
    for (let count = 0; count < 200; count += 1) {
      const root = bridge.tracer.startSpan("root");
      const child = bridge.child(root);
      expect(child.isRecording()).toBe(root.isRecording());
      child.end();
      root.end();
    }
    const sent = (await bridge.flushed()).length;
    expect(sent).toBeGreaterThan(60);
    expect(sent).toBeLessThan(140);
    expect(bridge.client.stats().transactions).toMatchObject({
      captured: 200,
      sent,
      dropped: { sample_rate: 200 - sent },
    });
  });

  it("asks tracesSampler once per root, and the transaction says its rate", async () => {
    const asked: string[] = [];
    const bridge = startSampled({
      tracesSampler: ({ name }) => {
        asked.push(name);
        return name === "kept";
      },
    });
    for (const name of ["kept", "refused"]) {
      const root = bridge.tracer.startSpan(name);
      bridge.child(root).end();
      root.end();
    }
    expect((await bridge.flushed()).map(({ transaction }) => transaction)).toEqual(["kept"]);
    expect(asked).toEqual(["kept", "refused"]);
    expect(bridge.transport.envelopes[0]?.header["trace"]).toMatchObject({ sample_rate: "1" });
  });

  it("tells the process-wide client what its own options have decided", async () => {
    const sampler = new SentrySampler({ tracesSampleRate: 0.5 });
    const bridge = startBridge({}, { sampler });
    for (let count = 0; count < 200; count += 1) bridge.tracer.startSpan("root").end();
    const sent = (await bridge.flushed()).length;
    const [first] = bridge.transport.envelopes;
    expect(first?.header["trace"]).toMatchObject({ sample_rate: "0.5" });
    expect(bridge.client.stats().transactions).toMatchObject({
      captured: 200,
      sent,
      dropped: { sample_rate: 200 - sent },
    });
  });

  it.each([
    ["1", true],
    ["0", false],
  ])("follows a sender that has decided %s", (flag, isRecording) => {
    const bridge = startSampled({ tracesSampleRate: 0.5 });
    const headers = {
      "sentry-trace": `${TRACE}-b0e6f15b45c36b12-${flag}`,
      baggage: `sentry-trace_id=${TRACE},sentry-public_key=k`,
    };
    const root = continueTrace(headers, () => bridge.tracer.startSpan("root"));
    expect(root.isRecording()).toBe(isRecording);
    root.end();
  });

  it("decides as the processor does without it", async () => {
    const ids = Array.from({ length: 300 }, (_, index) =>
      createHash("sha256").update(String(index)).digest("hex").slice(0, 32),
    );
    const atHead = await kept(startSampled({ tracesSampleRate: 0.3 }), ids);
    const atRoot = await kept(startBridge({ tracesSampleRate: 0.3 }), ids);
    expect(atHead.toSorted()).toEqual(atRoot.toSorted());
    expect(atHead.length).toBeGreaterThan(0);
    expect(atHead.length).toBeLessThan(300);
  });

  it("samples everything where there is no client", () => {
    setClient(undefined);
    const exporter = new InMemorySpanExporter();
    const provider = new BasicTracerProvider({
      sampler: new SentrySampler(),
      spanProcessors: [new SimpleSpanProcessor(exporter)],
    });
    context.with(ROOT_CONTEXT, () => provider.getTracer("test").startSpan("root").end());
    expect(exporter.getFinishedSpans()).toHaveLength(1);
    expect(String(new SentrySampler())).toBe("SentrySampler");
  });
});
