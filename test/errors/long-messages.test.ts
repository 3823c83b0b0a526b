import { expect, it } from "vitest";

import { captureException } from "../../src/index.js";
import { setClient } from "../../src/context/global-client.js";
import { startBridge } from "../client/bridge.js";
import { cpuTime } from "../time/measure.js";

const LENGTH = 100_000_000;
const MOST_MILLIS = 15;

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
  let least = Infinity;
  // Three of them, since garbage may be collected in one; to make a value takes longer than all else.
  for (let count = 0; count < 3 && least >= MOST_MILLIS; count += 1) {
    const value = thrown();
    const millis = cpuTime();
    captureException(value);
    least = Math.min(least, millis());
  }
  expect(least).toBeLessThan(MOST_MILLIS);
});
