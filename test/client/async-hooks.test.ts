import { context, trace } from "@opentelemetry/api";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";

import {
  SentrySpanProcessor,
  addBreadcrumb,
  captureMessage,
  createClient,
  forkIsolation,
  logger,
  metrics,
  setClient,
} from "../../src/index.js";
import type { ClientOptions } from "../../src/index.js";
import { createMemoryTransport } from "../../src/testing/testing.js";
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import { forgetFaults, standardError } from "../support/fault-kit.js";
import { DSN } from "./bridge.js";

beforeEach(forgetFaults);

async function useEverything(options: object): Promise<string[]> {
  const written = standardError();
  const transport = createMemoryTransport();
  const client = createClient({ dsn: DSN, transport, ...(options as ClientOptions) });
  onTestFinished(() => setClient(undefined));
  const provider = new BasicTracerProvider({ spanProcessors: [new SentrySpanProcessor(client)] });
  const tracer = provider.getTracer("app");
  for (let time = 0; time < 2; time += 1) {
    context.with(forkIsolation(), () => {
      const root = tracer.startSpan("root", {}, context.active());
      tracer.startSpan("child", {}, trace.setSpan(context.active(), root)).end();
      root.end();
      addBreadcrumb({ message: "one" });
      logger.info("one");
      metrics.count("one");
      captureMessage("one");
    });
  }
  await client.close();
  return written;
}

const HOOKS = [
  "beforeBreadcrumb",
  "beforeSendLog",
  "beforeSendMetric",
  "beforeSendSpan",
  "initialScope",
  "tracesSampler",
];

const rejecting = (): Promise<never> => Promise.reject(new Error("late"));
const thenable = (): object => Object.fromEntries(["then"].map((name) => [name, () => undefined]));

describe("an asynchronous hook where a synchronous one is required", () => {
  it.each(HOOKS)("%s is reported in one line on standard error, with the fix", async (name) => {
    const line = expect.stringMatching(
      new RegExp(`^otel-sentry-bridge: \`${name}\` returned a promise, .*remove \`async\`.*\n$`),
    );
    expect(await useEverything({ [name]: async (item: unknown) => item })).toEqual([line]);
  });

  it.each(HOOKS)("%s harms nothing where its promise rejects or is a thenable", async (name) => {
    expect(await useEverything({ [name]: rejecting })).toHaveLength(1);
    forgetFaults();
    expect(await useEverything({ [name]: thenable })).toHaveLength(1);
  });

  it("is reported although the same hook has returned something invalid before", async () => {
    const results: unknown[] = [5];
    const beforeSendSpan = (): unknown => results.pop() ?? Promise.resolve(null);
    expect(await useEverything({ beforeSendSpan })).toHaveLength(1);
  });
});

it("prints nothing of hooks that return their items", async () => {
  const hooks = HOOKS.map((name) => [name, (item: unknown) => item]);
  expect(await useEverything({ ...Object.fromEntries(hooks), tracesSampler: () => 1 })).toEqual([]);
});
