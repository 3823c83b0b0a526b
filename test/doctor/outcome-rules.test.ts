import { ROOT_CONTEXT, SpanKind } from "@opentelemetry/api";
import type { SpanOptions } from "@opentelemetry/api";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import { afterEach, describe, expect, it } from "vitest";

import { DoctorObserver } from "../../src/doctor/observer.js";
import type { Finding } from "../../src/doctor/finding.js";
import { setClient } from "../../src/index.js";
import type { ClientOptions } from "../../src/index.js";
import { SentrySpanProcessor } from "../../src/setup/otel-classes.js";
import { observation } from "../../src/support/observation.js";

afterEach(() => {
  observation.observer = undefined;
  setClient(undefined);
});

/** What is found in spans of one processor, of which each has a resource with another version. */
async function foundIn(quantity: number, options: ClientOptions): Promise<Finding[]> {
  const observer = new DoctorObserver();
  observation.observer = observer;
  const processor = new SentrySpanProcessor({ dsn: false, ...options });
  for (let version = 0; version < quantity; version += 1) {
    const resource = resourceFromAttributes({ "service.version": `${version}` });
    const provider = new BasicTracerProvider({ spanProcessors: [processor], resource });
    provider.getTracer("app").startSpan("job", {}, ROOT_CONTEXT).end();
  }
  await processor.shutdown();
  return observer.findings(false);
}

/** What is found in one root span. */
async function foundInRoot(name: string, options: SpanOptions = {}): Promise<Finding[]> {
  const observer = new DoctorObserver();
  observation.observer = observer;
  const processor = new SentrySpanProcessor({ dsn: false });
  const provider = new BasicTracerProvider({ spanProcessors: [processor] });
  provider.getTracer("importer").startSpan(name, options, ROOT_CONTEXT).end();
  await processor.shutdown();
  return observer.findings(false);
}

describe("the name of a root span", () => {
  it.each([
    ["is empty", ""],
    ["is white space", "  "],
    ["is too long", `import ${"x".repeat(200)}`],
  ])("%s: it is found with its tracer and call site", async (_, name) => {
    const [found, ...others] = await foundInRoot(name);

    expect([found?.name, others]).toEqual(["refused-name", []]);
    expect(found?.summary).toMatch(/^Root spans of the tracer "importer" /);
    expect(found?.evidence[0]?.at).toMatch(/outcome-rules\.test\.ts:\d+:\d+/);
  });

  it.each<[string, string, SpanOptions]>([
    ["has 200 characters", "x".repeat(200), {}],
    [
      "is too long, but the transaction has the statement",
      "x".repeat(300),
      {
        kind: SpanKind.CLIENT,
        attributes: { "db.system.name": "postgresql", "db.query.text": "SELECT 1" },
      },
    ],
  ])("%s: nothing is found", async (_, name, options) => {
    expect(await foundInRoot(name, options)).toEqual([]);
  });
});

describe("rule D20, of resources that differ in release,", () => {
  it("names their values, ten at most", async () => {
    const [mixed] = await foundIn(20, {});

    expect(mixed?.rule).toBe("D20");
    expect(mixed?.summary).toMatch(/release: 0( and \d){9}\.$/);
    expect(mixed?.evidence.map(({ name }) => name)).toEqual(["job", "job", "job", "job"]);
  });

  it("is quiet where the option takes precedence", async () => {
    expect(await foundIn(2, { release: "shop@1" })).toEqual([]);
  });
});
