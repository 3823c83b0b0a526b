import { setImmediate as immediate } from "node:timers/promises";

import { ROOT_CONTEXT, SpanKind, context, trace } from "@opentelemetry/api";
import type { Span, Tracer } from "@opentelemetry/api";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";

import { captureException, setUser, withIsolationScope, withScope } from "../../src/index.js";
import type { ReceivedError } from "../../src/testing/received.js";
import type { Bridge } from "../client/bridge.js";
import { startBridge } from "../client/bridge.js";
import { runs } from "../property/runs.js";

type Fail = (error: Error) => Promise<never>;

/** How an error leaves the code of a unit. */
const WAYS = ["plain", "recorded", "scope", "fork"] as const;
type Way = (typeof WAYS)[number];

/** A request with a user of its own, in which the function runs. */
async function request(
  tracer: Tracer,
  id: string,
  run: (root: Span) => Promise<void>,
): Promise<void> {
  const root = tracer.startSpan(id, { kind: SpanKind.SERVER }, ROOT_CONTEXT);
  await context.with(trace.setSpan(ROOT_CONTEXT, root), async () => {
    setUser({ id });
    await run(root);
  });
  root.end();
}

async function pause(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await immediate();
}

/** Code that fails with the error, in the given way. */
function failing(tracer: Tracer, way: Way, turns: number): Fail {
  const fail = async (error: Error): Promise<never> => {
    await pause(turns);
    throw error;
  };
  if (way === "scope") return (error) => withScope(() => fail(error));
  if (way === "fork") return (error) => withIsolationScope(() => fail(error));
  if (way === "plain") return fail;
  return (error) =>
    tracer.startActiveSpan("work", async (span) => {
      try {
        return await fail(error);
      } catch (thrown) {
        span.recordException(error);
        throw thrown;
      } finally {
        span.end();
      }
    });
}

async function caught(promise: Promise<never>): Promise<unknown> {
  try {
    return await promise;
  } catch (error) {
    return error;
  }
}

async function errorsOf({ client, transport }: Bridge): Promise<ReceivedError[]> {
  await client.flush();
  return transport.errors();
}

function usersOf(events: readonly ReceivedError[]): string[] {
  return events.map(({ user }) => String(user?.id)).toSorted((a, b) => a.localeCompare(b));
}

describe("one error object that several requests fail with", () => {
  it.each(WAYS)(
    "is an event of each of them that captures it, one after another: %s",
    async (way) => {
      const bridge = startBridge();
      const shared = new Error("made once");
      const ids = ["anna", "bert", "cora"];
      for (const id of ids)
        await request(bridge.tracer, id, async () => {
          captureException(await caught(failing(bridge.tracer, way, 1)(shared)));
        });
      const events = await errorsOf(bridge);
      expect(usersOf(events)).toEqual(ids);
      expect(new Set(events.map(({ transaction }) => transaction))).toEqual(new Set(ids));
    },
  );

  it("is one event of a request that captures it twice", async () => {
    const bridge = startBridge();
    const shared = new Error("made once");
    for (const id of ["anna", "bert"])
      await request(bridge.tracer, id, async () => {
        const error = await caught(failing(bridge.tracer, "recorded", 1)(shared));
        for (let count = 0; count < 2; count += 1) captureException(error);
      });
    expect(usersOf(await errorsOf(bridge))).toEqual(["anna", "bert"]);
  });

  it("is an event of a request that captures it long after another one has handled it", async () => {
    const bridge = startBridge();
    const shared = new Error("a cached rejection");
    await request(bridge.tracer, "anna", async () => {
      await caught(failing(bridge.tracer, "recorded", 1)(shared));
    });
    vi.spyOn(Date, "now").mockReturnValue(Date.now() + 61_000);
    await request(bridge.tracer, "bert", async () => {
      captureException(await caught(failing(bridge.tracer, "plain", 1)(shared)));
    });
    vi.restoreAllMocks();
    expect(usersOf(await errorsOf(bridge))).toEqual(["bert"]);
  });
});

describe("one error that is captured where it arose, and again", () => {
  it("outside of all units is one event", async () => {
    const bridge = startBridge();
    let error: unknown;
    await request(bridge.tracer, "anna", async () => {
      error = await caught(failing(bridge.tracer, "recorded", 1)(new Error("once")));
      captureException(error);
    });
    captureException(error);
    expect(usersOf(await errorsOf(bridge))).toEqual(["anna"]);
  });

  // The price of the rule: nothing tells this request from one that fails with the same object.
  it("in another request is an event of that one, too", async () => {
    const bridge = startBridge();
    let error: unknown;
    await request(bridge.tracer, "anna", async () => {
      error = await caught(failing(bridge.tracer, "recorded", 1)(new Error("once")));
      captureException(error);
    });
    await request(bridge.tracer, "bert", async () => void captureException(error));
    expect(usersOf(await errorsOf(bridge))).toEqual(["anna", "bert"]);
  });
});

/** Requests that overlap. */
const plans = fc.array(
  fc.record({
    way: fc.constantFrom(...WAYS),
    before: fc.nat(20),
    turns: fc.nat(5),
    // Another request has the handler, or none has.
    stranger: fc.boolean(),
    captures: fc.boolean(),
  }),
  { minLength: 2, maxLength: 12 },
);

async function measured(
  run: (bridge: Bridge, plan: readonly PlanStep[]) => Promise<readonly string[]>,
): Promise<number> {
  const shares = { total: 0, wrong: 0 };
  const bridge = startBridge({ frameContextLines: 0 });
  let seen = 0;
  for (const plan of fc.sample(plans, { seed: 9, numRuns: runs(300) })) {
    const expected = await run(bridge, plan);
    const events = (await errorsOf(bridge)).slice(seen);
    seen += events.length;
    const users = usersOf(events);
    shares.total += expected.length;
    shares.wrong += expected.filter((id) => !users.includes(id)).length;
  }
  return shares.wrong / shares.total;
}

type PlanStep = typeof plans extends fc.Arbitrary<readonly (infer Step)[]> ? Step : never;

/** All fail with one object; some handle it, the others capture it. */
async function sharing({ tracer }: Bridge, plan: readonly PlanStep[]): Promise<readonly string[]> {
  const shared = new Error("made once");
  const captured: string[] = [];
  await Promise.all(
    plan.map(({ way, before, turns, captures }, index) =>
      request(tracer, `shared ${index}`, async () => {
        await pause(before);
        const error = await caught(failing(tracer, way, turns)(shared));
        if (!captures) return;
        captured.push(`shared ${index}`);
        captureException(error);
      }),
    ),
  );
  return captured;
}

/** Each fails with an object of its own, which a handler captures later: outside, or in another request. */
async function late({ tracer }: Bridge, plan: readonly PlanStep[]): Promise<readonly string[]> {
  const handled = plan.map(async ({ way, before, turns, stranger }, index) => {
    let error: unknown;
    await request(tracer, `late ${index}`, async () => {
      await pause(before);
      // Somebody must have seen it in its unit.
      error = await caught(
        failing(tracer, way === "plain" ? "recorded" : way, turns)(new Error(`${index}`)),
      );
    });
    await pause(turns);
    const handle = async (): Promise<void> => void captureException(error);
    if (stranger) await request(tracer, "a stranger", handle);
    else await context.with(ROOT_CONTEXT, handle);
  });
  await Promise.all(handled);
  return plan.map((_, index) => `late ${index}`);
}

describe("the share of errors that is reported for a wrong unit, or for none,", () => {
  it("of objects that several requests fail with at the same time", async () => {
    const share = await measured(sharing);
    console.log(`shared objects: ${(share * 100).toFixed(1)} % wrong`);
    expect(share).toBeLessThan(0.1);
  });

  it("of errors that a handler captures later, elsewhere", async () => {
    const share = await measured(late);
    console.log(`late handlers: ${(share * 100).toFixed(1)} % wrong`);
    expect(share).toBe(0);
  });
});
