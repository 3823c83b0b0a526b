import { ROOT_CONTEXT, context, createContextKey } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import * as core from "@opentelemetry/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import {
  isTracingSuppressed,
  runDetached,
  withoutTracing,
} from "../../src/context/suppress-tracing.js";

describe("suppression of tracing", () => {
  beforeEach(() => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  });
  afterEach(() => {
    context.disable();
  });

  it("is the one that OpenTelemetry's packages know, both ways", () => {
    expect(core.isTracingSuppressed(withoutTracing(ROOT_CONTEXT))).toBe(true);
    expect(isTracingSuppressed(core.suppressTracing(ROOT_CONTEXT))).toBe(true);
    expect(isTracingSuppressed(core.unsuppressTracing(withoutTracing(ROOT_CONTEXT)))).toBe(false);
    expect(isTracingSuppressed(ROOT_CONTEXT)).toBe(false);
  });

  it("holds in detached work, which sees nothing of the context around it", () => {
    const key = createContextKey("request");
    const result = context.with(ROOT_CONTEXT.setValue(key, "one"), () =>
      runDetached(() => {
        expect(context.active().getValue(key)).toBeUndefined();
        return isTracingSuppressed(context.active());
      }),
    );
    expect(result).toBe(true);
    expect(isTracingSuppressed(context.active())).toBe(false);
  });
});
