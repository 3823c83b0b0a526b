import { DiagLogLevel, context, diag } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import { afterEach, describe, expect, it } from "vitest";

import { SentrySpanProcessor, setClient } from "../../src/index.js";

const ignore = (): void => undefined;

function warningsOfTwoRoots(): string[] {
  const warnings: string[] = [];
  const logger = { error: ignore, info: ignore, debug: ignore, verbose: ignore };
  diag.setLogger(
    { ...logger, warn: (message) => void warnings.push(message) },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
  const provider = new BasicTracerProvider({ spanProcessors: [new SentrySpanProcessor()] });
  const tracer = provider.getTracer("test");
  tracer.startSpan("one").end();
  tracer.startSpan("two").end();
  return warnings;
}

afterEach(() => {
  context.disable();
  diag.disable();
  setClient(undefined);
});

describe("the processor", () => {
  it("says once that no context manager is registered, and what to do", () => {
    expect(warningsOfTwoRoots()).toEqual([
      expect.stringMatching(/no context manager.*setGlobalContextManager/),
    ]);
  });

  it("says nothing where one is", () => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    expect(warningsOfTwoRoots()).toEqual([]);
  });
});
