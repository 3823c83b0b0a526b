import { setTimeout as delay } from "node:timers/promises";

import { ROOT_CONTEXT, SpanKind, context, trace } from "@opentelemetry/api";
import type { Context } from "@opentelemetry/api";
import { describe, expect, it } from "vitest";

import {
  addBreadcrumb,
  captureException,
  captureMessage,
  forkIsolation,
  getGlobalScope,
  getIsolationScope,
  setTag,
  setUser,
  withIsolationScope,
} from "../../src/index.js";
import { MAX_UNRECORDED_UNITS } from "../../src/scope/process-scopes.js";
import { DROP_ATTRIBUTE } from "../property/pipeline.js";
import { useRulesKit } from "./rules-kit.js";
import { suppressed, traceIdOf, unrecorded, userIn } from "./units.js";

const kit = useRulesKit();

describe("rule 6: an active span that does not record, with no scope in its context", () => {
  it("has the unit of its trace", () => {
    for (const id of [1, 2]) context.with(unrecorded(traceIdOf(id)), () => setUser({ id }));
    expect([1, 2].map((id) => userIn(unrecorded(traceIdOf(id))))).toEqual([1, 2]);
    expect(userIn(ROOT_CONTEXT)).toBeUndefined();
  });

  it("loses its data when there are too many of them, and is never given another's", () => {
    const count = MAX_UNRECORDED_UNITS + 10;
    const ids = Array.from({ length: count }, (_, index) => index + 1000);
    for (const id of ids) context.with(unrecorded(traceIdOf(id)), () => setUser({ id }));
    const newest = ids.slice(-100).map((id) => userIn(unrecorded(traceIdOf(id))));
    expect(newest).toEqual(ids.slice(-100));
    expect(userIn(unrecorded(traceIdOf(1000)))).toBeUndefined();
  });

  // The dropped span hides the root, and nothing else in the context names the request. With
  // `SentryPropagator`, or `forkIsolation`, the context does.
  it("under a recorded root whose context carries none, keeps to itself", async () => {
    kit.tracer.startActiveSpan("request", { kind: SpanKind.SERVER }, (request) => {
      setUser({ id: "anna" });
      setInDroppedChild();
      request.end();
    });
    const request = (await kit.sent()).get("request");
    expect(request?.user?.id).toBe("anna");
    expect(request?.tags).not.toHaveProperty("set");
    expect((await kit.sentErrors())[0]?.user).toBeUndefined();
  });

  it("belongs to the unit of the request, where the context carries it", async () => {
    context.with(forkIsolation(ROOT_CONTEXT), () =>
      kit.tracer.startActiveSpan("request", (request) => {
        setUser({ id: "anna" });
        setInDroppedChild();
        request.end();
      }),
    );
    expect((await kit.sent()).get("request")?.tags?.["set"]).toBe("inside");
    expect((await kit.sentErrors())[0]?.user?.id).toBe("anna");
  });

  it("never writes to the process's scope, also where tracing is suppressed", async () => {
    kit.tracer.startActiveSpan("request", { kind: SpanKind.SERVER }, (request) => {
      suppressed(() => kit.tracer.startActiveSpan("not traced", () => setUser({ id: "anna" })));
      request.end();
    });
    kit.tracer.startActiveSpan("next request", { kind: SpanKind.SERVER }, (request) =>
      request.end(),
    );
    expect((await kit.sent()).get("next request")?.user).toBeUndefined();
    expect(userIn(ROOT_CONTEXT)).toBeUndefined();
  });
});

describe("rule 7: outside of every unit", () => {
  it("setters write to the process's isolation scope, which no unit writes to", async () => {
    setTag("service", "shop");
    expect(getIsolationScope(ROOT_CONTEXT).data.tags).toEqual({ service: "shop" });
    kit.tracer.startActiveSpan("request", { kind: SpanKind.SERVER }, (span) => {
      setTag("service", "changed inside");
      span.end();
    });
    expect((await kit.sent()).get("request")?.tags?.["service"]).toBe("changed inside");
    expect(getIsolationScope(ROOT_CONTEXT).data.tags).toEqual({ service: "shop" });
    expect(getGlobalScope().data.tags).not.toHaveProperty("service");
  });
});

describe("rule 8: a unit is held until its transaction is built", () => {
  it("from the unit alone: what is active when the span ends does not matter", async () => {
    const span = kit.tracer.startSpan("request", { kind: SpanKind.SERVER });
    context.with(trace.setSpan(ROOT_CONTEXT, span), () => setUser({ id: "anna" }));
    const other = forkIsolation(ROOT_CONTEXT, (isolation) => isolation.setUser({ id: "bert" }));
    context.with(other, () =>
      kit.tracer.startActiveSpan("other", (active) => {
        span.end();
        active.end();
      }),
    );
    const transactions = await kit.sent();
    expect(transactions.get("request")?.user?.id).toBe("anna");
    expect(transactions.get("other")?.user?.id).toBe("bert");
  });
});

describe("rule 9: errors remember where they were recorded", () => {
  it("on a span, so that who captures them outside reports the user, tags and trace of there", async () => {
    const error = new Error("recorded");
    const identity = context.with(inUnit("anna"), () =>
      kit.tracer.startActiveSpan("request", { kind: SpanKind.SERVER }, (span) => {
        addBreadcrumb({ message: "about to fail" });
        span.recordException(error);
        span.end();
        return span.spanContext();
      }),
    );
    context.with(inUnit("bert"), () => captureException(error));
    const [event] = await kit.sentErrors();
    expect(event).toMatchObject({
      user: { id: "anna" },
      tags: { unit: "anna" },
      contexts: { trace: { trace_id: identity.traceId, span_id: identity.spanId } },
    });
    expect(JSON.stringify(event?.breadcrumbs)).toContain("about to fail");
  });

  it.each([
    [
      "thrown out of",
      () => {
        throw new Error("thrown");
      },
    ],
    [
      "rejected by",
      async () => {
        await delay(1);
        throw new Error("rejected");
      },
    ],
  ])("when they are %s a unit of work", async (_name, fail) => {
    await context.with(inUnit("bert"), async () => {
      try {
        await withIsolationScope((isolation) => {
          isolation.setUser({ id: "anna" }).setTag("unit", "anna");
          return fail();
        });
      } catch (error) {
        captureException(error);
      }
    });
    const [event] = await kit.sentErrors();
    expect(event).toMatchObject({ user: { id: "anna" }, tags: { unit: "anna" } });
  });

  it("but each unit that captures one reports it", async () => {
    const error = new Error("twice");
    context.with(inUnit("anna"), () => captureException(error));
    context.with(inUnit("bert"), () => captureException(error));
    const events = await kit.sentErrors();
    expect(events.map(({ user }) => user?.id)).toEqual(["anna", "bert"]);
  });
});

// A context of a unit of its own, which its events show.
function inUnit(id: string): Context {
  return forkIsolation(ROOT_CONTEXT, (isolation) => isolation.setUser({ id }).setTag("unit", id));
}

function setInDroppedChild(): void {
  kit.tracer.startActiveSpan("left out", { attributes: { [DROP_ATTRIBUTE]: true } }, (child) => {
    setTag("set", "inside");
    captureMessage("inside");
    child.end();
  });
}
