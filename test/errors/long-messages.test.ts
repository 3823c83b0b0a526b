import { expect, it } from "vitest";

import { captureException } from "../../src/index.js";
import { setClient } from "../../src/context/global-client.js";
import { startBridge } from "../client/bridge.js";
import { cpuTime } from "../time/measure.js";

const LENGTH = 100_000_000;

/** A new text whose characters lie together in memory: V8 copies a concatenation when it is first read. */
function longText(): string {
  const text = "x".repeat(LENGTH) + String(Math.random());
  text.charCodeAt(0);
  return text;
}

function longError(): Error {
  const error = new Error(longText());
  error.stack?.charCodeAt(0);
  return error;
}

it.each<[string, () => unknown]>([
  ["an error", longError],
  ["a text", longText],
  ["an object with a message", () => ({ message: longText() })],
  ["a cause", () => new Error("short", { cause: longError() })],
])("a message of 100 million characters takes the time of a short one: %s", (_, thrown) => {
  const bridge = startBridge();
  setClient(bridge.client);
  const times = [1, 2, 3].map(() => {
    const value = thrown();
    const millis = cpuTime();
    captureException(value);
    return millis();
  });
  expect(Math.min(...times)).toBeLessThan(15);
});
