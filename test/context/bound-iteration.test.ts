import { EventEmitter, on } from "node:events";
import { Readable } from "node:stream";

import { context, trace } from "@opentelemetry/api";
import { describe, expect, it } from "vitest";

import {
  bindContext,
  captureException,
  continueTrace,
  getIsolationScope,
  setTag,
  setUser,
  startNewTrace,
  suppressTracing,
  withIsolationScope,
  withMonitor,
  withScope,
} from "../../src/index.js";
import { useRulesKit } from "../isolation/rules-kit.js";

const kit = useRulesKit();

function userHere(): unknown {
  return getIsolationScope().data.user?.id;
}

// Yields the user that it sees, and sets others.
function* syncBody(): Generator<unknown, string, string> {
  for (let count = 0; count < 3; count++) {
    const id = yield userHere();
    if (id !== undefined) setUser({ id });
  }
  return "done";
}

async function* asyncBody(): AsyncGenerator<unknown, string, string> {
  for (let count = 0; count < 3; count++) {
    await Promise.resolve();
    const id = yield userHere();
    if (id !== undefined) setUser({ id });
  }
  return "done";
}

function* talkativeBody(): Generator<string, string, string> {
  try {
    const sent = yield "first";
    setTag("sent", sent);
    yield String(getIsolationScope().data.tags["sent"]);
  } catch (error) {
    yield `caught ${String(error)}`;
  } finally {
    setTag("closed", "yes");
  }
  return "end";
}

class Feed {
  readonly #users = ["a", "b"];
  closed = false;

  get size(): number {
    return this.#users.length;
  }

  add(user: string): this {
    this.#users.push(user);
    return this;
  }

  async all(): Promise<unknown[]> {
    return valuesOf(this);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator {
    for (let count = 0; count < this.#users.length; count++) {
      await Promise.resolve();
      yield userHere();
    }
  }
}

class HandMade implements AsyncIterableIterator<unknown> {
  #left = 2;

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<unknown>> {
    await Promise.resolve();
    this.#left -= 1;
    return this.#left < 0 ? { done: true, value: undefined } : { done: false, value: userHere() };
  }
}

const ITERABLES: [string, () => AsyncIterable<unknown> | Iterable<unknown>][] = [
  ["an async generator", asyncBody],
  ["a generator", syncBody],
  ["an object with an async iterator", () => ({ [Symbol.asyncIterator]: asyncBody })],
  [
    "an iterator that is not iterable itself",
    () => ({
      [Symbol.asyncIterator]() {
        const own = new HandMade();
        return { next: () => own.next() };
      },
    }),
  ],
  ["an instance of a class", () => new Feed()],
  ["a hand-made iterator", () => new HandMade()],
];

const RUNNERS: [string, <T>(fn: () => T) => T][] = [
  ["withIsolationScope", (fn) => withIsolationScope(() => (setUser({ id: "anna" }), fn()))],
  ["withScope", (fn) => withIsolationScope(() => (setUser({ id: "anna" }), withScope(() => fn())))],
  ["bindContext", (fn) => withIsolationScope(() => (setUser({ id: "anna" }), bindContext(fn)))()],
  ["continueTrace", (fn) => continueTrace({}, () => (setUser({ id: "anna" }), fn()))],
  ["startNewTrace", (fn) => withIsolationScope(() => (setUser({ id: "anna" }), startNewTrace(fn)))],
  [
    "suppressTracing",
    (fn) => withIsolationScope(() => (setUser({ id: "anna" }), suppressTracing(fn))),
  ],
  ["withMonitor", (fn) => withMonitor("job", () => (setUser({ id: "anna" }), fn()))],
];

async function valuesOf(iterable: AsyncIterable<unknown> | Iterable<unknown>): Promise<unknown[]> {
  const values: unknown[] = [];
  for await (const value of iterable) values.push(value);
  return values;
}

describe.each(RUNNERS)("%s", (_name, run) => {
  it.each(ITERABLES)("runs the body of %s that its function returns", async (_, make) => {
    const values = await valuesOf(run(make));
    expect(values.length).toBeGreaterThan(1);
    expect(new Set(values)).toEqual(new Set(["anna"]));
    expect(userHere()).toBeUndefined();
  });

  it.each(ITERABLES)("runs the body of %s that its promise resolves to", async (_, make) => {
    const values = await valuesOf(await run(() => Promise.resolve().then(make)));
    expect(new Set(values)).toEqual(new Set(["anna"]));
  });
});

describe("a generator that withIsolationScope returns", () => {
  it("forwards what is sent, thrown and returned", () => {
    const one = withIsolationScope(talkativeBody);
    expect([one.next(), one.next("text"), one.throw("oops")].map(({ value }) => value)).toEqual([
      "first",
      "text",
      "caught oops",
    ]);
    expect(one.return("early")).toEqual({ value: "early", done: true });
    expect(one.next()).toEqual({ value: undefined, done: true });
    expect(getIsolationScope().data.tags).not.toHaveProperty("closed");
  });

  it("closes its body in the unit when the consumer breaks off", async () => {
    const seen: unknown[] = [];
    async function* body(): AsyncGenerator<number> {
      setUser({ id: "anna" });
      try {
        yield 1;
        yield 2;
      } finally {
        await Promise.resolve();
        seen.push(userHere());
      }
    }
    for await (const part of withIsolationScope(body)) {
      expect(part).toBe(1);
      break;
    }
    expect(seen).toEqual(["anna"]);
    expect(userHere()).toBeUndefined();
  });

  it("is a generator to its consumers", () => {
    const one = withIsolationScope(syncBody);
    const other = withIsolationScope(asyncBody);
    expect(one).toBeInstanceOf(syncBody);
    expect(other).toBeInstanceOf(asyncBody);
    expect(Object.prototype.toString.call(one)).toBe("[object Generator]");
    expect(one[Symbol.iterator]()).toBe(one);
    expect(other[Symbol.asyncIterator]()).toBe(other);
    expect(Array.from(one as Iterable<unknown>)).toHaveLength(3);
    function* outer(): Generator {
      yield* withIsolationScope(syncBody);
    }
    expect([...outer()]).toHaveLength(3);
  });

  it("makes its spans children of the span around the call, and its errors the unit's", async () => {
    const error = new Error("in the body");
    const body = kit.tracer.startActiveSpan("request", (request) => {
      const parts = withIsolationScope(async function* () {
        setUser({ id: "anna" });
        kit.tracer.startSpan("part").end();
        yield 1;
        throw error;
      });
      return { parts, request };
    });
    await expect(valuesOf(body.parts)).rejects.toBe(error);
    captureException(error);
    body.request.end();
    expect((await kit.sent()).get("request")?.spans.map((span) => span.description)).toEqual([
      "part",
    ]);
    expect((await kit.sentErrors())[0]?.user?.id).toBe("anna");
  });

  it("keeps two of them apart that are pulled by turns", () => {
    const bodies = ["anna", "bert"].map((id) =>
      withIsolationScope(function* () {
        setUser({ id });
        for (;;) yield userHere();
      }),
    );
    for (let count = 0; count < 3; count++)
      expect(bodies.map((body) => body.next().value)).toEqual(["anna", "bert"]);
  });
});

describe("what has an identity of its own", () => {
  it.each<[string, () => unknown]>([
    ["a stream", () => Readable.from(["a"])],
    ["a web stream", () => new ReadableStream()],
    ["an emitter", () => Object.assign(new EventEmitter(), { [Symbol.asyncIterator]: asyncBody })],
    ["an array", () => [1]],
    ["a map", () => new Map([[1, 2]])],
    ["a text", () => "text"],
    ["null", () => null],
    ["a function", () => syncBody],
    [
      "an object that cannot be read",
      () =>
        new Proxy(
          {},
          {
            get: () => {
              throw new Error("no");
            },
          },
        ),
    ],
  ])("(%s) is returned as it is", (_name, make) => {
    const value = make();
    expect(withIsolationScope(() => value)).toBe(value);
  });

  it("(a thenable with an iterator) is returned as it is", () => {
    const query = Object.assign(Promise.resolve("rows"), { [Symbol.asyncIterator]: asyncBody });
    class Query extends Promise<string> {}
    Object.setPrototypeOf(query, Query.prototype);
    expect(withIsolationScope(() => query)).toBe(query);
  });

  it("but an instance of a class works through its proxy, with private fields and setters", async () => {
    const feed = new Feed();
    const bound = withIsolationScope(() => (setUser({ id: "anna" }), feed));
    expect(bound).toBeInstanceOf(Feed);
    expect(bound.constructor).toBe(Feed);
    expect(bound.add("c")).toBe(bound);
    bound.closed = true;
    expect([feed.size, bound.size, feed.closed]).toEqual([3, 3, true]);
    expect(await valuesOf(bound)).toEqual(["anna", "anna", "anna"]);
    expect(await valuesOf(feed)).toEqual([undefined, undefined, undefined]);
  });

  it("and methods of its own that run its body do so in the unit", async () => {
    const bound = withIsolationScope(() => (setUser({ id: "anna" }), new Feed()));
    expect(await bound.all()).toEqual(["anna", "anna"]);
  });

  it("and an iterator over events is bound", async () => {
    const emitter = new EventEmitter();
    const events = withIsolationScope(() => on(emitter, "part"));
    emitter.emit("part", 1);
    expect(await events.next()).toEqual({ value: [1], done: false });
    await events.return?.();
    expect(emitter.listenerCount("part")).toBe(0);
  });
});

it("nothing of a generator's context is active behind its pulls", () => {
  const body = withIsolationScope(syncBody);
  kit.tracer.startActiveSpan("consumer", (span) => {
    const before = context.active();
    body.next();
    expect(context.active()).toBe(before);
    expect(trace.getActiveSpan()).toBe(span);
    span.end();
  });
});
