import { describe, expect, it, vi } from "vitest";

import { captureException } from "../../src/index.js";
import { copyOfEvent } from "../../src/client/copy-event.js";
import { encodeConformed } from "../../src/client/encode-event.js";
import { createDiagnostics } from "../../src/support/diagnostics.js";
import { startBridge } from "./bridge.js";

const ignore = (): void => undefined;
const LIMITS = { depth: 20, breadth: 100, stringLength: 100_000 };
const crumbNamed = (message: string): object => Object.freeze({ message, category: "app" });
const eventWith = (...values: object[]): object => ({ message: "m", breadcrumbs: { values } });

const firstCrumbOf = (copy: unknown): unknown =>
  (copy as { breadcrumbs: { values: unknown[] } }).breadcrumbs.values[0];

describe("a breadcrumb that several events have", () => {
  it("is copied once", () => {
    const event = eventWith(crumbNamed("m"));
    expect(firstCrumbOf(copyOfEvent(event, LIMITS))).toBe(firstCrumbOf(copyOfEvent(event, LIMITS)));
  });

  it("is whole in an event with room, after one in which it was cut", () => {
    const crumb = crumbNamed("x".repeat(1000));
    const narrow = copyOfEvent(eventWith(crumb), { ...LIMITS, totalLength: 500 });
    expect(JSON.stringify(narrow)).not.toContain("x".repeat(500));
    expect(copyOfEvent(eventWith(crumb), LIMITS)).toEqual(eventWith(crumb));
  });

  it("takes as much of the limits of each event", () => {
    const crumbs = Array.from({ length: 10 }, (_, index) => crumbNamed(`${index}`.repeat(1000)));
    const narrow = { ...LIMITS, totalLength: 5500 };
    const first = copyOfEvent(eventWith(...crumbs), narrow);
    copyOfEvent(eventWith(...crumbs), LIMITS);
    const second = copyOfEvent(eventWith(...crumbs), narrow);
    expect(JSON.stringify(first).length).toBeLessThan(7000);
    expect(second).toEqual(first);
  });
});

class Described {
  readonly #message: () => string;
  constructor(message: () => string) {
    this.#message = message;
    Object.freeze(this);
  }

  toJSON(): object {
    return { message: this.#message() };
  }
}

// Each shows a text that changes.
const CHANGING: Readonly<Record<string, (text: () => string) => object>> = {
  "is not frozen": (text) => Object.defineProperty({}, "message", { get: text, enumerable: true }),
  "is frozen, with data that is not": (text) =>
    Object.freeze({ data: Object.defineProperty({}, "text", { get: text, enumerable: true }) }),
  "is frozen, with frozen data around other data": (text) => {
    const inner = Object.defineProperty({}, "text", { get: text, enumerable: true });
    return Object.freeze({ data: Object.freeze({ inner }) });
  },
  "has a getter": (text) =>
    Object.freeze(Object.defineProperty({}, "message", { get: text, enumerable: true })),
  "has a method toJSON": (text) => new Described(text),
  "has a hidden method toJSON": (text) =>
    Object.freeze(
      Object.defineProperty({ message: "m" }, "toJSON", { value: () => ({ message: text() }) }),
    ),
};

describe("a breadcrumb that a hook adds to each error", () => {
  it.each(Object.entries(CHANGING))("is sent as it is by then, if it %s", async (_, make) => {
    let count = 0;
    const own = make(() => `version ${count}`) as Record<string, unknown>;
    const bridge = startBridge({
      beforeSend: (event) => {
        count += 1;
        return { ...event, breadcrumbs: { values: [own] } };
      },
    });
    captureException(new Error("first"));
    captureException(new Error("second"));
    await bridge.client.flush();
    const sent = bridge.transport.errors().map((error) => JSON.stringify(error.breadcrumbs));
    expect(sent.map((text) => /version \d/.exec(text)?.[0])).toEqual(["version 1", "version 2"]);
  });

  it("has the time of each, if it has none of its own", () => {
    const own = Object.freeze({ message: "own" });
    const timesAt = (millis: number): unknown => {
      vi.setSystemTime(millis);
      const json = encodeConformed(
        eventWith(own),
        createDiagnostics({ warn: ignore, debug: ignore }),
      );
      return /"timestamp":(\d+)/.exec(json)?.[1];
    };
    vi.useFakeTimers({ toFake: ["Date"] });
    expect([timesAt(1_000_000_000_000), timesAt(1_000_000_005_000)]).toEqual([
      "1000000000",
      "1000000005",
    ]);
    vi.useRealTimers();
  });
});

describe("breadcrumbs that are no plain list", () => {
  it("are what their method toJSON returns", () => {
    const breadcrumbs = { values: [], toJSON: () => ({ values: [{ message: "own" }] }) };
    expect(copyOfEvent({ breadcrumbs }, LIMITS)).toEqual({
      breadcrumbs: { values: [{ message: "own" }] },
    });
  });

  it("are not read to the end, if they are a slow proxy", () => {
    let reads = 0;
    const target = Array.from({ length: 90 }, () => ({ message: "own" }));
    const values = new Proxy(target, {
      get: (list, key): unknown => {
        reads += 1;
        const end = performance.now() + 1;
        while (performance.now() < end);
        return Reflect.get(list, key);
      },
    });
    copyOfEvent({ breadcrumbs: { values } }, LIMITS);
    expect(reads).toBeLessThan(50);
  });
});
