import { DiagLogLevel, context, diag } from "@opentelemetry/api";
import type { DiagLogFunction } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { expect, it } from "vitest";

import { captureException, captureMessage, withMonitor } from "../../src/index.js";

function heard(): readonly string[] {
  const messages: string[] = [];
  const note: DiagLogFunction = (message) => messages.push(message);
  const logger = { error: note, warn: note, info: note, debug: note, verbose: note };
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
  return messages;
}

it("a call without a client names the application's code, not that of the context manager between", () => {
  const messages = heard();
  context.setGlobalContextManager(new AsyncLocalStorageContextManager());

  withMonitor("nightly", () => {});

  expect(messages).toEqual([
    expect.stringMatching(/`withMonitor` was called at .*no-client\.test\.ts:\d+:\d+/),
  ]);
});

it("each function that is called without a client is named once", () => {
  const messages = heard();

  for (let call = 0; call < 3; call += 1) {
    captureMessage("started");
    captureException(new Error("no configuration"));
  }

  expect(messages).toEqual([
    expect.stringContaining("`captureMessage` was called at "),
    expect.stringContaining("`captureException` was called at "),
  ]);
});
