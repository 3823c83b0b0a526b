import { DiagLogLevel, context, diag } from "@opentelemetry/api";
import type { DiagLogFunction } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { expect, it } from "vitest";

import { withMonitor } from "../../src/index.js";

it("a call without a client names the application's code, not that of the context manager between", () => {
  const messages: string[] = [];
  const note: DiagLogFunction = (message) => messages.push(message);
  const logger = { error: note, warn: note, info: note, debug: note, verbose: note };
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager());

  withMonitor("nightly", () => {});

  expect(messages).toEqual([
    expect.stringMatching(/`withMonitor` was called at .*no-client\.test\.ts:\d+:\d+/),
  ]);
});
