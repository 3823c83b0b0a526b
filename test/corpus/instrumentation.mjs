// Sets OpenTelemetry up with the instrumentations that the first line of an application names.
import { readFileSync } from "node:fs";
import { register } from "node:module";
import { NodeSDK } from "@opentelemetry/sdk-node";
import {
  SentryLogRecordProcessor,
  SentryPropagator,
  SentrySpanProcessor,
  createClient,
} from "otel-sentry-bridge";

register("@opentelemetry/instrumentation/hook.mjs", import.meta.url);

const [, names = ""] =
  /^\/\/ instrumentations: (.*)$/m.exec(readFileSync(process.argv[1], "utf8")) ?? [];
const loaded = await Promise.all(
  names
    .split(", ")
    .filter(Boolean)
    .map((name) => import(name.startsWith("@") ? name : `@opentelemetry/instrumentation-${name}`)),
);

const instrumentations = loaded.map((module) => {
  const name = Object.keys(module).find((key) => key.endsWith("Instrumentation"));
  return new module[name]({ registerOnInitialization: true }); // which only Fastify's has
});

const client = createClient({ captureUncaught: true });
const sdk = new NodeSDK({
  serviceName: "corpus",
  spanProcessors: [new SentrySpanProcessor(client)],
  textMapPropagator: new SentryPropagator(),
  instrumentations,
  metricReaders: [],
  logRecordProcessors: [new SentryLogRecordProcessor(client)],
});
sdk.start();
