import { ROOT_CONTEXT, SpanKind, context, trace } from "@opentelemetry/api";
import type { Context } from "@opentelemetry/api";
import { describe, expect, it } from "vitest";

import {
  captureMessage,
  forkIsolation,
  forkScope,
  getCurrentScope,
  getIsolationScope,
  setContext,
  setTag,
  setUser,
  withIsolationScope,
  withScope,
} from "../../src/index.js";
import { useRulesKit } from "./rules-kit.js";
import { extracted, traceIdOf, userIn } from "./units.js";

const kit = useRulesKit();

describe("rule 1: isolation and current scope live in the OTel Context under one key", () => {
  it("which is the only one that forks write, so that every context manager carries them", () => {
    const keys = new Set<symbol>();
    const ctx = forkScope(forkIsolation(recording(keys)));
    expect([...keys].map(String)).toEqual([expect.stringMatching(/scopes\.v\d+/u)]);
    expect(getCurrentScope(ctx)).not.toBe(getIsolationScope(ctx));
  });

  it("and a context means the same wherever it is looked at", () => {
    const ctx = forkIsolation(ROOT_CONTEXT, (isolation) => isolation.setUser({ id: "anna" }));
    expect(userIn(ctx)).toBe("anna");
    expect(context.with(forkIsolation(ROOT_CONTEXT), () => userIn(ctx))).toBe("anna");
    expect(context.with(ctx, () => getIsolationScope())).toBe(getIsolationScope(ctx));
  });
});

describe("rule 2: forkIsolation returns a Context", () => {
  it("and nothing happens until it is used", () => {
    const outside = forkIsolation(ROOT_CONTEXT);
    context.with(outside, () => {
      setUser({ id: "outer" });
      const inside = forkIsolation();
      setTag("after", "the fork");
      expect(getIsolationScope()).toBe(getIsolationScope(outside));
      expect(getIsolationScope(inside).data).toMatchObject({ user: { id: "outer" }, tags: {} });
    });
  });

  it("and what is written on either side of a fork stays there, nested objects too", () => {
    const outside = forkIsolation(ROOT_CONTEXT);
    const shared = { deep: { value: 1 } };
    context.with(outside, () => setContext("shared", shared));
    const inside = forkIsolation(outside);
    shared.deep.value = 2;
    context.with(inside, () => setContext("own", { value: 3 }));
    expect(getIsolationScope(outside).data.contexts).toEqual({ shared: { deep: { value: 1 } } });
    expect(getIsolationScope(inside).data.contexts).toEqual({
      shared: { deep: { value: 1 } },
      own: { value: 3 },
    });
  });
});

describe("rule 3: extract forks", () => {
  it.each([
    ["a sampled request", "-1"],
    ["an unsampled request", "-0"],
    ["a request without a decision", ""],
  ])("so that %s is a unit of its own", (_name, decision) => {
    const users = ["anna", "bert"].map((id, index) => {
      const ctx = extracted({
        "sentry-trace": `${traceIdOf(index + 1)}-00f067aa0ba902b7${decision}`,
      });
      context.with(ctx, () => setUser({ id }));
      return ctx;
    });
    expect(users.map(userIn)).toEqual(["anna", "bert"]);
    expect(userIn(ROOT_CONTEXT)).toBeUndefined();
  });
});

describe("rule 4: a local root of kind SERVER or CONSUMER has a unit of its own", () => {
  it.each([SpanKind.SERVER, SpanKind.CONSUMER])(
    "where nothing else has made one (kind %i)",
    async (kind) => {
      for (const id of ["anna", "bert"])
        kit.tracer.startActiveSpan(id, { kind }, (span) => {
          setUser({ id });
          span.end();
        });
      const transactions = await kit.sent();
      expect([...transactions].map(([name, { user }]) => [name, user?.id])).toEqual([
        ["anna", "anna"],
        ["bert", "bert"],
      ]);
    },
  );

  it("which hangs on its span", () => {
    const span = kit.tracer.startSpan("held", { kind: SpanKind.SERVER });
    context.with(trace.setSpan(ROOT_CONTEXT, span), () => setUser({ id: "anna" }));
    expect(userIn(trace.setSpan(ROOT_CONTEXT, span))).toBe("anna");
    span.end();
  });

  it("or the one that extract has made for it, which a second root does not get", async () => {
    context.with(extracted(), () => {
      setTag("set", "by the instrumentation");
      for (const name of ["first", "second"])
        kit.tracer.startActiveSpan(name, { kind: SpanKind.SERVER }, (span) => {
          setUser({ id: name });
          span.end();
        });
      expect(userIn(context.active())).toBe("first");
    });
    const transactions = await kit.sent();
    expect(transactions.get("first")).toMatchObject({
      user: { id: "first" },
      tags: { set: "by the instrumentation" },
    });
    expect(transactions.get("second")).toMatchObject({
      user: { id: "second" },
      tags: { set: "by the instrumentation" },
    });
  });

  it("while a root of another kind starts one only where its context carries none", async () => {
    const inUnit = forkIsolation(ROOT_CONTEXT);
    context.with(inUnit, () =>
      kit.tracer.startActiveSpan("job in a unit", (span) => {
        setUser({ id: "anna" });
        span.end();
      }),
    );
    kit.tracer.startActiveSpan("job in none", (span) => {
      setUser({ id: "bert" });
      span.end();
    });
    const transactions = await kit.sent();
    expect(userIn(inUnit)).toBe("anna");
    expect(transactions.get("job in none")?.user?.id).toBe("bert");
    expect(userIn(ROOT_CONTEXT)).toBeUndefined();
  });

  it("and an overlay outside of all units is not a unit: a root in it starts one", async () => {
    withScope(() =>
      kit.tracer.startActiveSpan("job in an overlay", (span) => {
        setUser({ id: "anna" });
        span.end();
      }),
    );
    kit.tracer.startActiveSpan("next job", (span) => span.end());
    const transactions = await kit.sent();
    expect(transactions.get("job in an overlay")?.user?.id).toBe("anna");
    expect(transactions.get("next job")?.user).toBeUndefined();
    expect(userIn(ROOT_CONTEXT)).toBeUndefined();
  });

  it("and what an overlay around it holds is on its transaction and its errors alike", async () => {
    withScope((overlay) => {
      overlay.setTag("overlay", "yes");
      kit.tracer.startActiveSpan("request", { kind: SpanKind.SERVER }, (span) => {
        captureMessage("inside");
        span.end();
      });
    });
    const transaction = (await kit.sent()).get("request");
    const [error] = await kit.sentErrors();
    expect(error?.tags?.["overlay"]).toBe(transaction?.tags?.["overlay"]);
  });
});

describe("rule 5: look-up takes the deeper of the context's scope and the active span's unit", () => {
  it("which is the fork where that was made inside of the span", () => {
    kit.tracer.startActiveSpan("request", { kind: SpanKind.SERVER }, (span) => {
      setUser({ id: "outer" });
      withIsolationScope(() => {
        setUser({ id: "inner" });
        expect(userIn(context.active())).toBe("inner");
      });
      expect(userIn(context.active())).toBe("outer");
      span.end();
    });
  });

  it("and the span's unit where the span was started inside of the fork", () => {
    context.with(forkIsolation(ROOT_CONTEXT), () => {
      setUser({ id: "outer" });
      kit.tracer.startActiveSpan("request", { kind: SpanKind.SERVER }, (span) => {
        setUser({ id: "inner" });
        kit.tracer.startActiveSpan("child", (child) => {
          expect(userIn(context.active())).toBe("inner");
          child.end();
        });
        span.end();
      });
      expect(userIn(context.active())).toBe("outer");
    });
  });
});

// A context that notes what is written to it.
function recording(keys: Set<symbol>, values: ReadonlyMap<symbol, unknown> = new Map()): Context {
  return {
    getValue: (key) => values.get(key),
    setValue(key, value) {
      keys.add(key);
      return recording(keys, new Map([...values, [key, value]]));
    },
    deleteValue: (key) => recording(keys, new Map([...values].filter(([other]) => other !== key))),
  };
}
