import { expect, it, onTestFinished } from "vitest";

import {
  OptionsError,
  SentryLogRecordProcessor,
  SentrySampler,
  SentrySpanExporter,
  SentrySpanProcessor,
  createClient,
} from "../../src/index.js";
import type { ClientOptions } from "../../src/index.js";

const WRONG: ClientOptions = { dsn: "nonsense" };

const CALLS: readonly (readonly [name: string, call: () => unknown])[] = [
  ["createClient", () => createClient(WRONG)],
  ["SentrySpanProcessor", () => new SentrySpanProcessor(WRONG)],
  ["SentrySpanExporter", () => new SentrySpanExporter(WRONG)],
  ["SentryLogRecordProcessor", () => new SentryLogRecordProcessor(WRONG)],
  ["SentrySampler", () => new SentrySampler(WRONG)],
];

/** Returns the first line of the error's stack, and the first frame. */
function topOf(call: () => unknown): readonly [error: unknown, frame: string] {
  try {
    call();
  } catch (error) {
    const [, frame = ""] = error instanceof Error ? (error.stack ?? "").split(/\n +at /) : [];
    return [error, frame];
  }
  return [undefined, ""];
}

it.each(CALLS)("an error of an option of %s begins at the caller", (_name, call) => {
  const [error, frame] = topOf(call);
  expect(error).toBeInstanceOf(OptionsError);
  expect(frame).toMatch(/options-error-stack\.test\.ts:\d+:\d+/);
});

it("keeps its stack where the application's `prepareStackTrace` fails", () => {
  const prepare = Object.getOwnPropertyDescriptor(Error, "prepareStackTrace");
  onTestFinished(() => {
    if (prepare === undefined) Reflect.deleteProperty(Error, "prepareStackTrace");
    else Object.defineProperty(Error, "prepareStackTrace", prepare);
  });
  Error.prepareStackTrace = () => {
    throw new TypeError("prepareStackTrace");
  };
  expect(() => createClient(WRONG)).toThrow(OptionsError);
});
