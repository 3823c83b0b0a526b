import { context, diag } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";

import { createDiagnostics } from "../../src/support/diagnostics.js";
import type { Diagnostics } from "../../src/support/diagnostics.js";
import { SentrySpanProcessor, setClient } from "../../src/index.js";
import { checkContexts } from "../../src/context/api-registration.js";
import { createMemoryTransport } from "../../src/testing/testing.js";
import { diagWarnings, forgetFaults, standardError } from "../support/fault-kit.js";

function startTwoRoots(): void {
  const processor = new SentrySpanProcessor({ transport: createMemoryTransport() });
  const tracer = new BasicTracerProvider({ spanProcessors: [processor] }).getTracer("test");
  tracer.startSpan("one").end();
  tracer.startSpan("two").end();
}

beforeEach(forgetFaults);
afterEach(() => {
  context.disable();
  setClient(undefined);
});

describe("the processor", () => {
  it("says once that no context manager is registered, and what to do", () => {
    const warnings = diagWarnings();
    startTwoRoots();
    expect(warnings).toEqual([
      expect.stringMatching(/no context manager.*setGlobalContextManager/),
    ]);
  });

  it("names both versions where another copy of the API has registered", () => {
    const written = standardError();
    const api = Symbol.for("opentelemetry.js.api.1");
    Object.assign(globalThis, { [api]: { version: "1.4.1", context: {}, trace: {} } });
    onTestFinished(() => void Reflect.deleteProperty(globalThis, api));

    startTwoRoots();

    expect(written).toEqual([
      expect.stringMatching(
        /two copies of @opentelemetry\/api.*1\.4\.1 registered.*uses 1\.(?:9|10)\.\d+.*npm ls @opentelemetry\/api/,
      ),
    ]);
  });

  // Setters outside of units ask each time, and the reason takes 0.2 ms to find.
  it("looks for the reason once", () => {
    const faultOnce = vi.fn<Diagnostics["faultOnce"]>();
    const diagnostics = { ...createDiagnostics(diag), faultOnce };
    for (let write = 0; write < 3; write += 1) checkContexts(diagnostics);
    expect(faultOnce).toHaveBeenCalledOnce();
  });

  it("logs nothing if a context manager is registered", () => {
    const warnings = diagWarnings();
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    startTwoRoots();
    expect(warnings).toEqual([]);
  });
});
