import { applyAggregateErrorsToEvent, createStackParser, exceptionFromError } from "@sentry/core";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";

import { exceptionValues } from "../../src/errors/exception-values.js";

const GENERIC = { type: "generic", handled: true };

class OrderError extends Error {}

function chainOf(error: unknown) {
  return exceptionValues(error, GENERIC).map(({ value, mechanism }) => ({ value, ...mechanism }));
}

describe("an error", () => {
  it("becomes one value with type, message, mechanism and frames", () => {
    const [value, ...others] = exceptionValues(new TypeError("boom"), {
      type: "auto.http.otel.express",
      handled: false,
    });
    expect(others).toEqual([]);
    expect(value).toMatchObject({
      type: "TypeError",
      value: "boom",
      mechanism: { type: "auto.http.otel.express", handled: false, exception_id: 0 },
    });
    expect(value?.stacktrace?.frames.at(-1)?.filename).toMatch(/exception-values\.test\.ts$/);
  });

  it.each([
    ["its own name", Object.assign(new Error("x"), { name: "Custom" }), "Custom"],
    ["the name of a system error", new DOMException("x", "AbortError"), "AbortError"],
    [
      "a built-in's name given on purpose",
      Object.assign(new Error("x"), { name: "TypeError" }),
      "TypeError",
    ],
    ["its class where the name is inherited", new OrderError("x"), "OrderError"],
    ["Error where there is no name", Object.assign(new Error("x"), { name: "" }), "Error"],
    ["another realm's name", runInNewContext("new RangeError('x')") as unknown, "RangeError"],
  ])("is typed by %s", (_what, error, type) => {
    expect(exceptionValues(error, GENERIC)[0]).toMatchObject({ type, value: "x" });
  });

  it.each([
    [undefined, ""],
    [null, "null"],
    [42, "42"],
    [10n, "10"],
    [Symbol("s"), "Symbol(s)"],
    [{ a: 1 }, "[Object]"],
  ])("has text for the message %o", (message, text) => {
    const error = new Error("x");
    Object.defineProperty(error, "message", { value: message });
    expect(exceptionValues(error, GENERIC)[0]?.value).toBe(text);
  });

  it("is clipped: 8192 characters of message, 200 of type", () => {
    const error = Object.assign(new Error("m".repeat(1_000_000)), { name: "N".repeat(300) });
    const [value] = exceptionValues(error, GENERIC);
    expect(value?.value).toBe(`${"m".repeat(8189)}...`);
    expect(value?.type).toBe(`${"N".repeat(197)}...`);
    expect(value?.stacktrace?.frames.length).toBeGreaterThan(0);
  });

  it("keeps its text well-formed, also where it is cut in the middle of a character", () => {
    expect(exceptionValues(new Error("a\uD800b"), GENERIC)[0]?.value).toBe("a\uFFFDb");
    const cut = exceptionValues(new Error(`${"m".repeat(8188)}😀mmm`), GENERIC)[0]?.value;
    expect(cut).toBe(`${"m".repeat(8188)}...`);
  });

  it("has no stack trace where there is no stack", () => {
    const error = new Error("x");
    Object.defineProperty(error, "stack", { value: [1, 2] });
    expect(exceptionValues(error, GENERIC)[0]).not.toHaveProperty("stacktrace");
  });
});

describe("a chain of errors", () => {
  it("is listed root cause first, with ids counted from the captured error", () => {
    const root = new Error("root");
    const middle = new Error("middle", { cause: root });
    const top = new Error("top", { cause: middle });
    expect(chainOf(top)).toEqual([
      {
        value: "root",
        type: "chained",
        handled: true,
        source: "cause",
        exception_id: 2,
        parent_id: 1,
      },
      {
        value: "middle",
        type: "chained",
        handled: true,
        source: "cause",
        exception_id: 1,
        parent_id: 0,
      },
      { value: "top", type: "generic", handled: true, exception_id: 0 },
    ]);
  });

  it("marks a group and names the position of each error", () => {
    const group = new AggregateError([new Error("a"), "no error", new Error("c")], "group");
    expect(chainOf(group)).toEqual([
      {
        value: "c",
        type: "chained",
        handled: true,
        source: "errors[2]",
        exception_id: 2,
        parent_id: 0,
      },
      {
        value: "a",
        type: "chained",
        handled: true,
        source: "errors[0]",
        exception_id: 1,
        parent_id: 0,
      },
      { value: "group", type: "generic", handled: true, exception_id: 0, is_exception_group: true },
    ]);
  });

  it("follows both sides of a suppressed error", () => {
    const error = Object.assign(new Error("s"), {
      error: new Error("e"),
      suppressed: new Error("f"),
    });
    expect(chainOf(error).map(({ source }) => source)).toEqual(["suppressed", "error", undefined]);
  });

  it("leaves out a cause that is no error", () => {
    expect(chainOf(new Error("x", { cause: "why" }))).toHaveLength(1);
  });

  it("is no group when none of its fields is an error", () => {
    const [value] = chainOf(Object.assign(new Error("x"), { errors: ["a", { b: 1 }] }));
    expect(value).not.toHaveProperty("is_exception_group");
  });

  it("survives a list of errors that cannot be read", () => {
    const { proxy, revoke } = Proxy.revocable([], {});
    revoke();
    expect(chainOf(Object.assign(new Error("x"), { errors: proxy }))).toHaveLength(1);
  });

  it("stops at five linked errors", () => {
    let error = new Error("0");
    for (let index = 1; index < 20; index += 1) error = new Error(String(index), { cause: error });
    expect(chainOf(error).map(({ value }) => value)).toEqual(["14", "15", "16", "17", "18", "19"]);
    expect(
      chainOf(new AggregateError(Array.from({ length: 20 }, () => new Error("m")))),
    ).toHaveLength(6);
  });

  it("reads no more texts after two million characters, which the engine may have to join", () => {
    const huge = "x".repeat(1_500_000);
    const linked = [huge, huge, "last"].map((message) => new Error(message));
    const values = chainOf(new AggregateError(linked, "group")).map(({ value }) => value);
    expect(values.map((value) => value?.length)).toEqual([11, 8192, 8192, 5]);
    expect(values[0]).toBe("[MaxSize ~]");
  });

  it("stops at a cycle", () => {
    const first = new Error("first");
    const second = new Error("second", { cause: first });
    first.cause = second;
    expect(chainOf(first).map(({ value }) => value)).toEqual(["second", "first"]);
    second.cause = second;
    expect(chainOf(second)).toHaveLength(1);
  });

  it("agrees with Sentry's own algorithm on ids, parents and sources", () => {
    const deep = new Error("deep", { cause: new Error("deepest") });
    const group = new AggregateError([deep, new RangeError("b")], "group", {
      cause: new Error("why"),
    });
    const top = new Error("top", { cause: group });
    expect(chainOf(top).map(placeOf)).toEqual(oracleChain(top).map(placeOf));
  });
});

function placeOf(entry: Record<string, unknown>) {
  const { value, source, exception_id: id, parent_id: parent, is_exception_group: group } = entry;
  return { value, source, id, parent, group };
}

function oracleChain(error: Error): Record<string, unknown>[] {
  const parser = createStackParser();
  const event = { exception: { values: [exceptionFromError(parser, error)] } };
  applyAggregateErrorsToEvent(exceptionFromError, parser, "cause", 5, event, {
    originalException: error,
  });
  return event.exception.values.map((entry) => ({ value: entry.value, ...entry.mechanism }));
}
