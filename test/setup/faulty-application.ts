import { afterAll, onTestFinished } from "vitest";

import { installApplication } from "../package/application.js";
import type { Application } from "../package/application.js";
import { SDK_BASE } from "./traced-application.js";

/** A module that sets OpenTelemetry up as the documentation says; `options` is in its scope. */
export const GLOBALS = `
  import { context, propagation, trace } from "@opentelemetry/api";
  import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
  import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
  import * as bridge from "otel-sentry-bridge";
  function setUp(...spanProcessors) {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    propagation.setGlobalPropagator(new bridge.SentryPropagator());
    const provider = new BasicTracerProvider({ spanProcessors });
    trace.setGlobalTracerProvider(provider);
    return provider;
  }
  function traffic() {
    const tracer = trace.getTracer("app");
    for (let count = 0; count < 2; count += 1)
      tracer.startActiveSpan("root", (root) => {
        tracer.startSpan("child").end();
        root.end();
      });
  }
`;

// A logger of the application's, as it is registered before anything else.
const LOGGER = `
  import { diag } from "@opentelemetry/api";
  const ignore = () => {};
  const warn = (message) => console.log(message);
  diag.setLogger({ error: warn, warn, info: ignore, debug: ignore, verbose: ignore });
`;

/** An application of the test's own, which may change what is installed. */
export function ownApplication(dependencies: readonly string[] = SDK_BASE): Application {
  const application = install(dependencies);
  onTestFinished(() => application.remove());
  return application;
}

const shared = new Map<string, Application>();

afterAll(() => {
  for (const application of shared.values()) application.remove();
  shared.clear();
});

/** The application with these dependencies that all tests of the file share. */
export function faultyApplication(dependencies: readonly string[] = SDK_BASE): Application {
  const key = dependencies.join();
  const application = shared.get(key) ?? install(dependencies);
  shared.set(key, application);
  return application;
}

function install(dependencies: readonly string[]): Application {
  const application = installApplication(dependencies);
  application.write("logger.mjs", LOGGER);
  return application;
}

/** How to run a program. */
export interface RunOptions {
  readonly options?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly withLogger?: boolean;
}

/** What a program has printed. */
export interface Printed {
  readonly stdout: string;
  readonly stderr: string;
}

let programs = 0;

/** Runs a module after `GLOBALS`; it must end by itself with exit code 0. */
export async function run(
  application: Application,
  program: string,
  { options = {}, env = {}, withLogger = false }: RunOptions = {},
): Promise<Printed> {
  const declared = `const options = ${JSON.stringify(options)};`;
  const file = `program-${(programs += 1)}.mjs`;
  application.write(file, `${GLOBALS}\n${declared}\n${program}`);
  const logger = withLogger ? ["--import", "./logger.mjs"] : [];
  const { exitCode, stdout, stderr } = await application.node([...logger, file], env);
  if (exitCode !== 0) throw new Error(`exit code ${exitCode}: ${stderr}`);
  return { stdout, stderr };
}
