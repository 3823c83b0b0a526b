import { describe, expect, it } from "vitest";

import {
  errorEventFromException,
  errorEventFromMessage,
} from "../../src/errors/exception-events.js";

const HINT = { eventId: "0123456789abcdef0123456789abcdef", timestamp: 1_700_000_000.25 };
const BASE = { event_id: HINT.eventId, timestamp: HINT.timestamp, platform: "node" };

describe("the event of a thrown value", () => {
  it("is an error of platform node with its exceptions", () => {
    const event = errorEventFromException(new Error("top", { cause: new Error("root") }), HINT);
    expect(event).toMatchObject({ ...BASE, level: "error" });
    expect(event.exception?.values.map(({ value }) => value)).toEqual(["root", "top"]);
    expect(event.exception?.values.at(-1)?.mechanism).toEqual({
      type: "generic",
      handled: true,
      exception_id: 0,
    });
    expect(event).not.toHaveProperty("extra");
  });

  it("carries the mechanism it is given, for the captured error alone", () => {
    const mechanism = { type: "auto.node.onuncaughtexception", handled: false };
    const event = errorEventFromException(new Error("top", { cause: new Error("root") }), {
      ...HINT,
      mechanism,
    });
    const [root, top] = event.exception?.values ?? [];
    expect(root?.mechanism).toMatchObject({ type: "chained", handled: true });
    expect(top?.mechanism).toMatchObject(mechanism);
  });

  it("says of an object that its type is made up, and carries a copy", () => {
    const event = errorEventFromException({ b: 1, a: [2] }, HINT);
    expect(event.exception?.values).toMatchObject([
      {
        type: "Error",
        value: "Object captured as exception with keys: a, b",
        mechanism: { type: "generic", handled: true, synthetic: true, exception_id: 0 },
      },
    ]);
    expect(event.extra).toEqual({ __serialized__: { b: 1, a: [2] } });
  });

  it("gives a primitive the stack of the capture, without this package's frames", () => {
    const event = errorEventFromException("boom", HINT);
    expect(event.exception?.values).toMatchObject([{ type: "Error", value: "boom" }]);
    const frames = event.exception?.values[0]?.stacktrace?.frames;
    expect(frames?.at(-1)?.filename).toMatch(/exception-events\.test\.ts$/);
    expect(event).not.toHaveProperty("extra");
  });

  it("prefers the stack that the caller has kept", () => {
    const syntheticStack = "Error\n    at handler (/srv/app/a.js:1:2)";
    const event = errorEventFromException(null, { ...HINT, syntheticStack });
    const frames = event.exception?.values[0]?.stacktrace?.frames;
    expect(frames).toMatchObject([{ function: "handler", lineno: 1 }]);
  });
});

describe("the event of a message", () => {
  it("carries the text and the level", () => {
    expect(errorEventFromMessage("disk full", "warning", HINT)).toEqual({
      ...BASE,
      level: "warning",
      logentry: { message: "disk full" },
    });
  });

  it("cuts the text at 8192 characters and keeps it well-formed", () => {
    expect(errorEventFromMessage("x".repeat(9000), "info", HINT).logentry?.message).toHaveLength(
      8192,
    );
    expect(errorEventFromMessage("\uDC00", "info", HINT).logentry?.message).toBe("\uFFFD");
  });

  it("survives a message that is no text", () => {
    const message = { toString: null } as unknown as string;
    expect(errorEventFromMessage(message, "info", HINT).logentry?.message).toBe("[Object]");
  });
});
