import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { errorProperties } from "../../src/errors/error-properties.js";
import { captureException } from "../../src/index.js";
import { startBridge } from "../client/bridge.js";

function errorWithCode(): Error {
  return Object.assign(new Error("x"), { code: "E1", apiKey: "s3cret" });
}

describe("errorProperties", () => {
  it("are a context that is named after the error, with the cause's below", () => {
    const cause = Object.assign(new RangeError("why"), { errno: -111 });
    const error = Object.assign(new TypeError("what", { cause }), { code: "E1", status: 503 });
    expect(errorProperties(error, true)).toEqual({
      TypeError: { code: "E1", status: 503, cause: { RangeError: { errno: -111 } } },
    });
  });

  it("are undefined without own properties, and for values that are not errors", () => {
    expect(
      errorProperties(new Error("plain", { cause: new Error("plain") }), true),
    ).toBeUndefined();
    expect(errorProperties({ code: "E1" }, true)).toBeUndefined();
  });

  it("have at most the configured depth", () => {
    const error = Object.assign(new Error("deep"), { a: { b: { c: { d: 1 } } } });
    expect(errorProperties(error, 1)).toEqual({ Error: { a: "[Object]" } });
    expect(errorProperties(error, 3)).toEqual({ Error: { a: { b: { c: "[Object]" } } } });
  });

  it("are as deep on an error and on its cause, whether or not the other has properties", () => {
    const deep = { a: { b: { c: { d: 1 } } } };
    const copy = { a: { b: "[Object]" } };
    const cause = Object.assign(new RangeError("why"), deep);
    const both = Object.assign(new Error("deep", { cause }), deep);
    const onlyCause = new Error("plain", { cause });
    const onlyOwn = Object.assign(new Error("deep", { cause: new Error("plain") }), deep);
    expect(errorProperties(both, 2)).toEqual({ Error: { ...copy, cause: { RangeError: copy } } });
    expect(errorProperties(onlyCause, 2)).toEqual({ Error: { cause: { RangeError: copy } } });
    expect(errorProperties(onlyOwn, 2)).toEqual({ Error: copy });
  });

  it("do not take the name of a context that has a schema, and do not show what throws", () => {
    const error = Object.assign(new Error("x"), { name: "trace", code: 1 });
    Object.defineProperty(error, "bad", { enumerable: true, get: () => expect.fail() });
    expect(Object.keys(errorProperties(error, true) ?? {})).toEqual(["Error"]);
  });

  it("are bounded and never throw, whatever they are", () => {
    fc.assert(
      fc.property(fc.object({ maxDepth: 5, withBigInt: true, withMap: true }), (fields) => {
        const error = new Error("x");
        for (const [key, value] of Object.entries(fields))
          Object.defineProperty(error, key, { value, enumerable: true, configurable: true });
        expect(JSON.stringify(errorProperties(error, 10) ?? {}).length).toBeLessThan(70_000);
      }),
    );
  });

  it("are sent where the option asks for them, without secrets, and by default not", async () => {
    const bridge = startBridge({ errorProperties: true });
    captureException(errorWithCode());
    await bridge.client.flush();
    expect(bridge.transport.errors()[0]?.contexts?.["Error"]).toEqual({
      code: "E1",
      apiKey: "[Filtered]",
    });
    const without = startBridge();
    captureException(errorWithCode());
    await without.client.flush();
    expect(without.transport.errors()[0]?.contexts).not.toHaveProperty("Error");
  });
});
