import { onTestFinished } from "vitest";

import type { IngestServer } from "../../src/testing/ingest-server.js";
import { installApplication } from "../package/application.js";
import type { Application } from "../package/application.js";

/** What an application on the SDK 2.x installs. */
export const SDK_BASE = [
  "@opentelemetry/api",
  "@opentelemetry/sdk-trace-base",
  "@opentelemetry/context-async-hooks",
];
export const IMPORT = ["--import", "otel-sentry-bridge/register"];
export const REQUIRE = ["--require", "otel-sentry-bridge/register"];

const ESM_APP = `
  import { trace } from "@opentelemetry/api";
  const tracer = trace.getTracer("app");
  await tracer.startActiveSpan("parent", async (parent) => {
    await new Promise(setImmediate);
    tracer.startSpan("child").end();
    parent.end();
  });
  console.log("done");
`;

const CJS_APP = `
  const { trace } = require("@opentelemetry/api");
  const tracer = trace.getTracer("app");
  tracer.startActiveSpan("parent", async (parent) => {
    await new Promise(setImmediate);
    tracer.startSpan("child").end();
    parent.end();
    console.log("done");
  });
`;

/** An application for the length of a test: `app.mjs` and `app.cjs` make a span and a child of it. */
export function tracedApplication(dependencies: readonly string[] = SDK_BASE): Application {
  const application = installApplication(dependencies);
  onTestFinished(() => application.remove());
  application.write("app.mjs", ESM_APP);
  application.write("app.cjs", CJS_APP);
  return application;
}

/** How a program ends that has nothing to complain about. */
export const OK = { exitCode: 0, stdout: "done\n", stderr: "" };

/** The names of the spans that came, by transaction. */
export function receivedBy(server: IngestServer): (string | undefined)[][] {
  return server
    .transactions()
    .map(({ transaction, spans }) => [transaction, ...spans.map(({ description }) => description)]);
}
