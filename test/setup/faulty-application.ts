import { afterAll, expect } from "vitest";

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

// Runs modules one after the other in one process. Before each, removes what is registered with OpenTelemetry's API and the global
// state of both packages. Listeners of the process, timers and loaded modules stay.
const IN_TURN = `
  import { context, diag, propagation, trace } from "@opentelemetry/api";
  const OWN_OR_API = /^(?:otel-sentry-bridge|opentelemetry\\.js\\.api)\\./;
  function mark() {
    for (const write of [console.log, console.error]) write("MARK");
  }
  const { files, logger } = JSON.parse(process.argv[2]);
  for (const file of files) {
    for (const api of [context, diag, propagation, trace]) api.disable();
    for (const slot of Object.getOwnPropertySymbols(globalThis))
      if (OWN_OR_API.test(slot.description ?? "")) delete globalThis[slot];
    mark();
    if (logger !== undefined) await import(\`\${logger}?\${file}\`);
    await import(file);
    // Some faults are reported in the next turn.
    for (let turn = 0; turn < 2; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }
  mark();
`;

const shared = new Map<string, Application>();

afterAll(() => {
  for (const application of shared.values()) application.remove();
  shared.clear();
});

type Prepare = (application: Application) => void;

/** The application that all tests of the file share with these dependencies, and with what `prepare` has changed in it. */
export function faultyApplication(
  dependencies: readonly string[] = SDK_BASE,
  prepare?: Prepare,
): Application {
  const key = `${dependencies.join()} ${prepare?.name ?? ""}`;
  const known = shared.get(key);
  if (known !== undefined) return known;
  const application = installApplication(dependencies);
  shared.set(key, application);
  application.write("logger.mjs", LOGGER);
  application.write("in-turn.mjs", IN_TURN);
  prepare?.(application);
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

type Declared = Readonly<Record<string, unknown>>;

function write(application: Application, program: string, options: Declared): string {
  const declared = `const options = ${JSON.stringify(options)};`;
  const file = `program-${(programs += 1)}.mjs`;
  application.write(file, `${GLOBALS}\n${declared}\n${program}`);
  return file;
}

async function ended(
  application: Application,
  ...how: Parameters<Application["node"]>
): Promise<Printed> {
  const { exitCode, stdout, stderr } = await application.node(...how);
  if (exitCode !== 0) throw new Error(`exit code ${exitCode}: ${stderr}`);
  return { stdout, stderr };
}

/** Runs a module after `GLOBALS`; it must end by itself with exit code 0. */
export async function run(
  application: Application,
  program: string,
  { options = {}, env = {}, withLogger = false }: RunOptions = {},
): Promise<Printed> {
  const file = write(application, program, options);
  const logger = withLogger ? ["--import", "./logger.mjs"] : [];
  return ended(application, [...logger, file], env);
}

/** A program of several. */
export interface ProgramInTurn {
  readonly program: string;
  readonly options?: Declared;
}

/** How to run programs one after the other. */
interface RunInTurn extends Pick<RunOptions, "env" | "withLogger"> {
  readonly dependencies?: readonly string[];
}

/** Runs modules one after the other in one process. Only for faults that are not reported at its end. */
export async function runInTurn(
  all: readonly ProgramInTurn[],
  { dependencies = SDK_BASE, env = {}, withLogger = false }: RunInTurn = {},
): Promise<readonly Printed[]> {
  const application = faultyApplication(dependencies);
  const files = all.map(({ program, options = {} }) => `./${write(application, program, options)}`);
  const logger = withLogger ? "./logger.mjs" : undefined;
  const args = ["in-turn.mjs", JSON.stringify({ files, logger })];
  const { stdout, stderr } = await ended(application, args, env);
  const [out, errors] = [stdout, stderr].map((text) => text.split("MARK\n"));
  // Nothing comes before the first, nor after the last.
  expect([out?.length, out?.at(0), out?.at(-1)]).toEqual([all.length + 2, "", ""]);
  expect([errors?.length, errors?.at(0), errors?.at(-1)]).toEqual([all.length + 2, "", ""]);
  return all.map((_, index) => ({
    stdout: out?.[index + 1] ?? "",
    stderr: errors?.[index + 1] ?? "",
  }));
}
