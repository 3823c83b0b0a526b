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

/** Attributes as many as a request has, of values that no other span has. */
function fourteen(index: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: 14 }, (_, at) => [`a${at}`, `${index}-${at}`]));
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
  ["http://localhost:8080/api/42/integration/otlp", "http://key@localhost:9000/42", []],
  ["http://localhost:9000/api/42/integration/otlp", "http://key@localhost:9000/42", ["sent-twice"]],
  [URL.replace("/api", ":443/api"), DSN, ["sent-twice"]],
  [URL, undefined, []],
])("an exporter to %s beside the DSN %s: %j", (url, dsn, expected) => {
  register(new OTLPTraceExporter({ url }), ownProcessor());

  expect(checkOtlpSender(dsn).map(({ name }) => name)).toEqual(expected);
});

it("is found by the variables of the exporter, with a fix for one that the code creates, too", () => {
  vi.stubEnv("OTEL_EXPORTER_OTLP_ENDPOINT", OTLP);
  vi.stubEnv("OTEL_EXPORTER_OTLP_HEADERS", "x-sentry-auth=sentry sentry_key=0123456789abcdef");
  register(new OTLPTraceExporter(), ownProcessor());

  const [found, ...others] = checkOtlpSender(DSN);

  expect(others).toEqual([]);
  expect(found?.fix).toContain("OTEL_TRACES_EXPORTER=none");
  expect(found?.code).toContain("spanProcessors: [new SentrySpanProcessor()]");
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

it.each([1, 10, 20, 200])("is found behind a processor with %i spans in its queue", (quantity) => {
  const exporter = new OTLPTraceExporter({ url: URL });
  const queue = new BatchSpanProcessor(exporter, { scheduledDelayMillis: 1e6 });
  const own = new BasicTracerProvider({ spanProcessors: [queue] }).getTracer("app");
  for (let index = 0; index < quantity; index += 1)
    own.startSpan("job", { attributes: fourteen(index) }, ROOT_CONTEXT).end();
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
