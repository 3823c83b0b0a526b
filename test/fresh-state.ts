// Gives each test file of the project `fresh` the state of a new process, in one that other files have used. A process of its own
// takes 0.4 s of CPU time more, for the start of Node and Vitest and the packages that are loaded.
import { createRequire } from "node:module";

import { context, diag, metrics, propagation, trace } from "@opentelemetry/api";
import { logs } from "@opentelemetry/api-logs";
import { vi } from "vitest";

type Listener = (...args: unknown[]) => void;
type Listeners = ReadonlyMap<string | symbol, readonly Listener[]>;

interface ProcessState {
  readonly listeners: Listeners;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly stackTraceLimit: number;
}

declare global {
  /** What the process had before its first test file. */
  var stateAtStart: ProcessState | undefined;
  /** Timers that the sources have started since the file began (`bundled-sources.ts`). */
  var timersOfSources: Set<WeakRef<NodeJS.Timeout>> | undefined;
}

function presentListeners(): Listeners {
  return new Map(
    process.eventNames().map((name) => [name, process.listeners(name as "exit") as Listener[]]),
  );
}

globalThis.stateAtStart ??= {
  listeners: presentListeners(),
  env: { ...process.env },
  cwd: process.cwd(),
  stackTraceLimit: Error.stackTraceLimit,
};
const atStart = globalThis.stateAtStart;
for (const [name, listeners] of presentListeners()) {
  const first = atStart.listeners.get(name) ?? [];
  for (const listener of listeners) if (!first.includes(listener)) process.off(name, listener);
}

// The API's own slot has the version that registered first, even after `disable`.
const OWN_OR_API = /^(?:otel-sentry-bridge|opentelemetry\.js\.api)\./;
for (const api of [context, diag, logs, metrics, propagation, trace]) api.disable();
for (const slot of Object.getOwnPropertySymbols(globalThis))
  if (OWN_OR_API.test(slot.description ?? "")) Reflect.deleteProperty(globalThis, slot);

vi.useRealTimers();
// A client that an earlier file did not close would write to the logger of this one.
for (const timer of globalThis.timersOfSources ?? []) clearTimeout(timer.deref());
globalThis.timersOfSources = new Set();
vi.unstubAllEnvs();
vi.unstubAllGlobals();
for (const name of Object.keys(process.env))
  if (!(name in atStart.env) && !name.startsWith("VITEST"))
    Reflect.deleteProperty(process.env, name);
Object.assign(process.env, atStart.env);
process.chdir(atStart.cwd);
process.exitCode = undefined;
Error.stackTraceLimit = atStart.stackTraceLimit;

// The sources and the test kits are loaded anew; packages stay.
const { cache } = createRequire(import.meta.url);
for (const file of Object.keys(cache))
  if (!file.includes("/node_modules/")) Reflect.deleteProperty(cache, file);
vi.resetModules();
