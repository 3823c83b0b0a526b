import { ROOT_CONTEXT, SpanKind, context, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import { describe, expect, it } from "vitest";

import { diagnose, startDoctor } from "../../src/doctor/doctor.js";
import type { Finding } from "../../src/doctor/finding.js";
import { SentrySpanProcessor } from "../../src/index.js";
import { createMemoryTransport } from "../../src/testing/testing.js";

const REQUESTS = 12;
/** Few enough that the work of others may be among it. */
const WITH_WORK = 6;
const JOBS = 5;

startDoctor();
context.setGlobalContextManager(new AsyncLocalStorageContextManager());
const transport = createMemoryTransport();
const provider = new BasicTracerProvider({
  spanProcessors: [new SentrySpanProcessor({ dsn: "http://key@127.0.0.1:9/1", transport })],
});
trace.setGlobalTracerProvider(provider);
const tracer = trace.getTracer("app");

type Job = () => void;

/** Answers requests, of which some go on with jobs after the response, which `start` starts. */
async function serve(name: string, start: (job: Job) => void): Promise<void> {
  for (let number = 0; number < REQUESTS; number++) {
    tracer.startActiveSpan(name, { kind: SpanKind.SERVER }, (span) => {
      tracer.startSpan("query").end();
      const jobs = number < WITH_WORK ? JOBS : 0;
      const left = Array.from({ length: jobs }, () => () => tracer.startSpan("mail").end());
      setImmediate(() => left.forEach((job) => start(job)));
      span.end();
    });
  }
  await new Promise((resolve) => setImmediate(resolve));
}

function findingsAbout(name: string): readonly Finding[] {
  return diagnose().findings.filter(({ summary }) => summary.includes(name));
}

describe("work of a request after its response", () => {
  it("is worth knowing, with what tells it from the work of others", async () => {
    await serve("POST /signup", (job) => job());

    const [found, ...others] = findingsAbout("POST /signup");

    expect(others).toEqual([]);
    expect(found).toMatchObject({ rule: "D1", severity: "info" });
    expect(found?.mechanism).toContain("ids in their attributes tell");
    expect(found?.code).toContain("// or, for background work\ncontext.with(ROOT_CONTEXT");
  });

  it("is not reported where it starts as the fix says, in the root context", async () => {
    await serve("POST /order", (job) => context.with(ROOT_CONTEXT, job));

    expect(findingsAbout("POST /order")).toEqual([]);
    expect(findingsAbout('"mail"')).toHaveLength(1);
  });
});
