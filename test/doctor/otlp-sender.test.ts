import { ROOT_CONTEXT, trace } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";
import type { SpanProcessor } from "@opentelemetry/sdk-trace-base";
import { afterEach, expect, it, vi } from "vitest";

import { checkOtlpSender } from "../../src/doctor/otlp-sender.js";
import { SentrySpanExporter, SentrySpanProcessor } from "../../src/setup/otel-classes.js";
import { createMemoryTransport } from "../../src/testing/memory-transport.js";

const DSN = "https://key@o1.ingest.us.sentry.io/42";
const OTLP = "https://o1.ingest.us.sentry.io/api/42/integration/otlp";
const URL = `${OTLP}/v1/traces`;

let provider: BasicTracerProvider | undefined;
afterEach(async () => {
  vi.unstubAllEnvs();
  trace.disable();
  await provider?.shutdown();
});

// Its exporter sends nothing: no span ends while it is in use.
function register(exporter: OTLPTraceExporter, ...others: SpanProcessor[]): void {
  const batches = new BatchSpanProcessor(exporter);
  provider = new BasicTracerProvider({ spanProcessors: [...others, batches] });
  trace.setGlobalTracerProvider(provider);
}

function ownProcessor(): SpanProcessor {
  return new SentrySpanProcessor({ dsn: DSN, transport: createMemoryTransport() });
}

it.each([
  [URL, DSN, ["sent-twice"]],
  ["https://sentry.io/api/42/integration/otlp/v1/traces", DSN, ["sent-twice"]],
  [URL.replace("42", "43"), DSN, []],
  ["http://localhost:4318/v1/traces", DSN, []],
  ["https://sentry.example/api/42/integration/otlp/v1/traces", DSN, []],
  [
    "https://sentry.example/api/42/integration/otlp/v1/traces",
    "https://key@sentry.example/42",
    ["sent-twice"],
  ],
  [URL, undefined, []],
])("an exporter to %s beside the DSN %s: %j", (url, dsn, expected) => {
  register(new OTLPTraceExporter({ url }), ownProcessor());

  expect(checkOtlpSender(dsn).map(({ name }) => name)).toEqual(expected);
});

it("is found by the variables of the exporter, which the fix then switches off", () => {
  vi.stubEnv("OTEL_EXPORTER_OTLP_ENDPOINT", OTLP);
  vi.stubEnv("OTEL_EXPORTER_OTLP_HEADERS", "x-sentry-auth=sentry sentry_key=0123456789abcdef");
  register(new OTLPTraceExporter(), ownProcessor());

  const [found, ...others] = checkOtlpSender(DSN);

  expect(others).toEqual([]);
  expect(found?.code).toBe("export OTEL_TRACES_EXPORTER=none");
  expect(JSON.stringify(found)).not.toContain("0123456789abcdef");
});

it("is found beside an exporter of this package", () => {
  const own = new SentrySpanExporter({ dsn: DSN, transport: createMemoryTransport() });
  register(new OTLPTraceExporter({ url: URL }), new BatchSpanProcessor(own));

  expect(checkOtlpSender(DSN)).toHaveLength(1);
});

it("may have all spans where this package gets errors only", () => {
  register(new OTLPTraceExporter({ url: URL }));

  expect(checkOtlpSender(DSN)).toEqual([]);
});

it("is found behind a processor with a full queue, whose spans are not looked through", () => {
  const exporter = new OTLPTraceExporter({ url: URL });
  const queue = new BatchSpanProcessor(exporter, { scheduledDelayMillis: 1e6 });
  const own = new BasicTracerProvider({ spanProcessors: [queue] }).getTracer("app");
  for (let index = 0; index < 200; index += 1) own.startSpan("job", {}, ROOT_CONTEXT).end();
  provider = new BasicTracerProvider({ spanProcessors: [queue, ownProcessor()] });
  vi.spyOn(exporter, "export").mockImplementation((_, done) => {
    Reflect.apply(done, undefined, [{ code: 0 }]);
  });
  trace.setGlobalTracerProvider(provider);

  expect(checkOtlpSender(DSN)).toHaveLength(1);
});

it("is found beside an object that throws when it is looked through", () => {
  const hidden = new Proxy(
    {},
    {
      ownKeys: () => {
        throw new Error("hidden");
      },
    },
  );
  register(new OTLPTraceExporter({ url: URL }), Object.assign(ownProcessor(), { hidden }));

  expect(checkOtlpSender(DSN)).toHaveLength(1);
});
