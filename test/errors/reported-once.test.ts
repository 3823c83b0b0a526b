import { SpanKind, SpanStatusCode, context } from "@opentelemetry/api";
import type { Span } from "@opentelemetry/api";
import { describe, expect, it } from "vitest";

import type { RecordedException } from "../../src/errors/exception-events.js";
import { captureException, setUser, withIsolationScope, withScope } from "../../src/index.js";
import { attributionInContext } from "../../src/context/attribution.js";
import type { ReceivedError } from "../../src/testing/received.js";
import type { Bridge, BridgeSetup } from "../client/bridge.js";
import { contextOf, startBridge } from "../client/bridge.js";

const NOW = Date.now();
const SECOND = 1000;

function textsOfError({ name, message, stack }: Error): RecordedException {
  return { type: name, message, stack };
}

/** Reports errors of one span in all forms; returns the ids of their events. */
function reporterOf({ client }: Bridge, span: Span) {
  const attribution = attributionInContext(contextOf(span));
  return {
    thrown: (error: unknown, atMillis = NOW) =>
      client.errors.reportThrown(error, { attribution, atMillis }),
    recorded: (form: "log" | "span", recorded: RecordedException, atMillis = NOW) =>
      client.errors.reportRecorded(recorded, { attribution, form, atMillis }),
  };
}

async function errorsOf({ client, transport }: Bridge): Promise<ReceivedError[]> {
  await client.flush();
  return transport.errors();
}

/** How many events an error is that two spans and a capture have seen. */
async function countOf(error: Error, setup: BridgeSetup = {}): Promise<number> {
  const bridge = startBridge({ spanExceptions: "all" }, setup);
  const root = bridge.tracer.startSpan("root");
  const child = bridge.child(root);
  child.recordException(error);
  child.end();
  root.recordException(error);
  context.with(contextOf(root), () => captureException(error));
  root.end();
  return (await errorsOf(bridge)).length;
}

describe("one error", () => {
  it.each([
    ["thrown", "span", "log"],
    ["thrown", "log", "span"],
    ["span", "thrown", "log"],
    ["span", "log", "thrown"],
    ["log", "thrown", "span"],
    ["log", "span", "thrown"],
  ] as const)("seen as %s, then %s, then %s, is one event", async (...forms) => {
    const bridge = startBridge({}, { leavesOpen: true });
    const report = reporterOf(bridge, bridge.tracer.startSpan("root"));
    const error = new TypeError("seen everywhere");
    const ids = forms.map((form) =>
      form === "thrown" ? report.thrown(error) : report.recorded(form, textsOfError(error)),
    );
    const events = await errorsOf(bridge);
    expect(events).toHaveLength(1);
    expect(new Set(ids)).toEqual(new Set([events[0]?.event_id]));
  });

  it("on two nested spans, in a capture and in a log record is one event", async () => {
    const bridge = startBridge({ spanExceptions: "all" });
    const root = bridge.tracer.startSpan("root");
    const child = bridge.child(root);
    const error = new Error("everywhere");
    child.recordException(error);
    child.end();
    root.recordException(error);
    context.with(contextOf(root), () => captureException(error));
    reporterOf(bridge, root).recorded("log", textsOfError(error));
    root.end();
    expect(await errorsOf(bridge)).toHaveLength(1);
  });

  it("is one event with the error that it caused, in whatever form that is seen", async () => {
    const bridge = startBridge({}, { leavesOpen: true });
    const report = reporterOf(bridge, bridge.tracer.startSpan("root"));
    const cause = new Error("cause");
    const effect = new Error("effect", { cause });
    report.recorded("log", textsOfError(effect));
    report.thrown(effect);
    report.thrown(new Error("wrapped again", { cause: effect }));
    const events = await errorsOf(bridge);
    expect(events.map(({ exception }) => exception?.values.at(-1)?.value)).toEqual([
      "effect",
      "wrapped again",
    ]);
  });

  it.each(["text", 42, { message: "no error" }])(
    "that is %j and no error is one event through nested spans and a capture",
    async (thrown) => {
      const bridge = startBridge({ spanExceptions: "all" });
      const root = bridge.tracer.startSpan("root");
      const outer = bridge.child(root);
      const inner = bridge.child(outer);
      const recorded = typeof thrown === "number" ? String(thrown) : thrown;
      for (const span of [inner, outer]) {
        span.recordException(recorded);
        span.end();
      }
      context.with(contextOf(root), () => captureException(thrown));
      root.recordException(recorded);
      root.end();
      expect(await errorsOf(bridge)).toHaveLength(1);
    },
  );

  it("that is text is one event at the span that it was thrown in", async () => {
    const bridge = startBridge({ spanExceptions: "all" });
    const root = bridge.tracer.startSpan("root");
    const inner = bridge.child(root);
    for (const span of [inner, root]) {
      span.recordException("text");
      span.end();
    }
    const events = await errorsOf(bridge);
    expect(events.map(({ contexts }) => contexts?.trace?.span_id)).toEqual([
      inner.spanContext().spanId,
    ]);
  });
});

describe("an error that is recorded on a span, and captured,", () => {
  it("is one event although the SDK cuts its texts off", async () => {
    const spanLimits = { attributeValueLengthLimit: 30 };
    expect(await countOf(new Error("of some length".repeat(9)), { spanLimits })).toBe(1);
  });

  it.each(["", undefined])("is one event although its stack is %j", async (stack) => {
    expect(await countOf(Object.assign(new Error("no stack"), { stack }))).toBe(1);
  });

  it.each(["Error: a stack", undefined])(
    "is one event although its code is recorded as its type, with the stack %j",
    async (stack) => {
      const error = Object.assign(new Error("refused"), { code: "ECONNREFUSED", stack });
      expect(await countOf(error)).toBe(1);
    },
  );
});

describe("two errors", () => {
  it("that read alike are two events when they are captured themselves", async () => {
    const bridge = startBridge({}, { leavesOpen: true });
    const report = reporterOf(bridge, bridge.tracer.startSpan("root"));
    for (const error of Array.from({ length: 2 }, () => new Error("alike"))) report.thrown(error);
    expect(await errorsOf(bridge)).toHaveLength(2);
  });

  it("are two when the text of one comes again after six seconds", async () => {
    const bridge = startBridge({}, { leavesOpen: true });
    const report = reporterOf(bridge, bridge.tracer.startSpan("root"));
    const error = textsOfError(new Error("again"));
    report.recorded("span", error);
    report.recorded("log", error, NOW + 4 * SECOND);
    expect(await errorsOf(bridge)).toHaveLength(1);
    report.recorded("log", error, NOW + 6 * SECOND);
    expect(await errorsOf(bridge)).toHaveLength(2);
  });

  it("are two when a text is recorded again after six seconds", async () => {
    const bridge = startBridge({ spanExceptions: "all" });
    const root = bridge.tracer.startSpan("root");
    for (const seconds of [0, 4, 10]) {
      const time = NOW + seconds * SECOND;
      root.recordException("the same", time);
    }
    root.end();
    expect(await errorsOf(bridge)).toHaveLength(2);
  });

  it("are two when one object is thrown in two units of work", async () => {
    const bridge = startBridge({ spanExceptions: "all" });
    const shared = new Error("made once");
    const roots = ["first", "second"].map((name) => bridge.tracer.startSpan(name));
    for (const root of roots) {
      root.recordException(shared);
      context.with(contextOf(root), () => captureException(shared));
      root.end();
    }
    const events = await errorsOf(bridge);
    expect(new Set(events.map(({ contexts }) => contexts?.trace?.trace_id))).toEqual(
      new Set(roots.map((root) => root.spanContext().traceId)),
    );
    expect(events).toHaveLength(2);
  });

  it("are two when one object is thrown in two units without spans, and captured outside", async () => {
    const bridge = startBridge();
    const shared = new Error("made once");
    for (const id of ["anna", "bert"]) {
      try {
        withIsolationScope((isolation) => {
          isolation.setUser({ id });
          throwIt(shared);
        });
      } catch (error) {
        captureException(error);
      }
    }
    const events = await errorsOf(bridge);
    expect(events.map(({ user }) => user?.id)).toEqual(["anna", "bert"]);
  });

  it.each([2, 50])("are %i when one object fails as many traces at once", async (count) => {
    const bridge = startBridge();
    const shared = new Error("made once");
    const ids = Array.from({ length: count }, (_, index) => `user${index}`);
    const roots = ids.map((id) => {
      const root = bridge.tracer.startSpan(id, { kind: SpanKind.SERVER });
      context.with(contextOf(root), () => setUser({ id }));
      return root;
    });
    for (const root of roots) root.recordException(shared);
    for (const root of roots) context.with(contextOf(root), () => captureException(shared));
    for (const root of roots) root.setStatus({ code: SpanStatusCode.ERROR }).end();
    const events = await errorsOf(bridge);
    expect(events.map(({ user }) => user?.id)).toEqual(ids);
    expect(events.map(({ contexts }) => contexts?.trace?.trace_id)).toEqual(
      roots.map((root) => root.spanContext().traceId),
    );
  });

  it("are one when it comes out of a unit inside of another, and is captured there", async () => {
    const bridge = startBridge();
    await withIsolationScope(async (outer) => {
      outer.setUser({ id: "outer" });
      try {
        await withIsolationScope((inner) => {
          inner.setUser({ id: "inner" });
          return withScope(() => Promise.reject(new Error("from inside")));
        });
      } catch (error) {
        captureException(error);
        throw error;
      }
    }).catch(captureException);
    const events = await errorsOf(bridge);
    expect(events.map(({ user }) => user?.id)).toEqual(["inner"]);
  });

  it("are two when the same text is thrown in two units of work", async () => {
    const bridge = startBridge({ spanExceptions: "all" });
    for (const name of ["first", "second"]) {
      const root = bridge.tracer.startSpan(name);
      root.recordException("text");
      root.end();
    }
    expect(await errorsOf(bridge)).toHaveLength(2);
  });
});

function throwIt(error: Error): never {
  throw error;
}
