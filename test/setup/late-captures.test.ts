import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { startIngestServer, transactionsOf } from "../../src/testing/testing.js";
import { installApplication } from "../package/application.js";
import type { Application } from "../package/application.js";

let app: Application;

beforeAll(() => {
  app = installApplication([
    "@opentelemetry/api",
    "@opentelemetry/context-async-hooks",
    "@opentelemetry/sdk-trace-base",
  ]);
});
afterAll(() => app.remove());

const SET_UP = `
  import { context, trace } from "@opentelemetry/api";
  import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
  import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
  import { SentrySpanProcessor, logger } from "otel-sentry-bridge";
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SentrySpanProcessor({ dsn: process.env.DSN })] }));
  const start = () => trace.getTracer("test").startSpan("late");
`;

const CASES = [
  [
    "a span that starts and ends in a listener",
    `process.once("beforeExit", () => start().end());`,
    ["late"],
  ],
  [
    "a span that a listener ends after the first flush",
    `const span = start(); process.once("beforeExit", () => setTimeout(() => span.end(), 100));`,
    ["late"],
  ],
  ["a log of a listener", `process.once("beforeExit", () => logger.info("late"));`, []],
  [
    "a log of a listener after the first flush",
    `process.once("beforeExit", () => setTimeout(() => logger.info("late"), 100));`,
    [],
  ],
] as const;

describe("a program that captures when it has run out of work", () => {
  it.each(CASES)("sends %s", { timeout: 60_000 }, async (_name, work, transactions) => {
    app.write("app.mjs", SET_UP + work);
    const server = await startIngestServer();
    try {
      const end = await app.node(["app.mjs"], { DSN: server.dsn });

      // A loss would be reported on standard error.
      expect(end).toEqual({ exitCode: 0, stdout: "", stderr: "" });
      expect(transactionsOf(server.envelopes).map((each) => each.transaction)).toEqual(
        transactions,
      );
      expect(server.envelopes).toHaveLength(1);
    } finally {
      await server.close();
    }
  });
});
