import { beforeEach, describe, expect, it } from "vitest";

import { child, kit, SPAN, renewKit } from "./encoder-kit.js";
import { TRACE_ID } from "./hand-made-span.js";

beforeEach(renewKit);

const numbered = <T>(count: number, valueOf: (index: number) => T): Record<string, T> =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, valueOf(index)]));

const FILTERED = "[Filtered]";

describe("the attributes of a span share one bound", () => {
  it("of attributes", () => {
    const { data } = child({ attributes: numbered(5000, (index) => index) });
    expect(data).toHaveProperty("k999", 999);
    expect(data).not.toHaveProperty("k1000");
    expect(kit.problems).toEqual(["span-attributes"]);
  });

  it("of long names, which are not read any further than they are withheld", () => {
    const names = Array.from({ length: 900 }, (_, index) => `${index}`.padEnd(900, "_a_b"));
    const { data } = child({ attributes: Object.fromEntries(names.map((name) => [name, "x"])) });
    const values = Object.values(data);
    expect(values.filter((value) => value === "x").length).toBeLessThan(200);
    expect(values.filter((value) => value === FILTERED).length).toBeGreaterThan(700);
    // The next span begins with all of it.
    const next = child({ attributes: { [names[800] ?? ""]: "x" } });
    expect(Object.values(next.data)).toContain("x");
  });

  it("of long texts, although little of each is sent", () => {
    const text = `password=${"x".repeat(8000)}`;
    const { data } = child({ attributes: numbered(900, (index) => `${text}${index}`) });
    expect(Object.keys(data).length).toBeLessThan(600);
    expect(JSON.stringify(data)).not.toContain("xxx");
  });

  it("of the attributes of its links", () => {
    let reads = 0;
    const links = Array.from({ length: 128 }, () => ({
      context: { traceId: TRACE_ID, spanId: SPAN, traceFlags: 1 },
      attributes: Object.defineProperties(
        {},
        numbered(200, () => ({
          enumerable: true,
          get: () => {
            reads += 1;
            return "x";
          },
        })),
      ),
    }));
    const span = child({ links });
    expect(span["links"]).toHaveLength(128);
    expect(reads).toBe(1000);
  });

  it("of the keys of proxies", () => {
    let reads = 0;
    const proxy = (): object =>
      new Proxy(
        numbered(900, () => 1),
        { get: (target, key) => ((reads += 1), Reflect.get(target, key)) },
      );
    child({ attributes: numbered(200, proxy) as never });
    expect(reads).toBeLessThan(20_000);
  });

  it("also where the spans of a call site have a template", () => {
    let reads = 0;
    const counted = (): object =>
      Object.defineProperties(
        {},
        numbered(20, () => ({
          enumerable: true,
          get: () => {
            reads += 1;
            return [1];
          },
        })),
      );
    for (let count = 0; count < 4; count++) {
      reads = 0;
      child({ attributes: numbered(30, counted) as never });
      expect(reads).toBeLessThan(1000);
    }
  });
});
