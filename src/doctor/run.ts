import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isMainThread } from "node:worker_threads";

import { textIn } from "../options/env.js";
import { isRegistered } from "../context/api-registration.js";
import { getClient } from "../context/global-client.js";
import { attempt } from "../support/foreign.js";
import { writeStandardError } from "../support/setup-faults.js";
import { diagnose, examineProcess, endedEarly, startDoctor } from "./diagnose.js";
import type { ProcessEnding } from "./diagnose.js";
import type { DoctorReport } from "./finding.js";
import { reportLines } from "./report-text.js";

/** Selects the mode: `off`, `on` or `deep`. */
export const MODE_VARIABLE = "OTEL_SENTRY_BRIDGE_DOCTOR";
/**
 * Directory in which each process has a file while it runs, and writes its report when it ends. Without it, the report is written to
 * standard error.
 */
export const REPORTS_VARIABLE = "OTEL_SENTRY_BRIDGE_DOCTOR_REPORTS";

// Listeners of this package do not count as listeners of the application: see `setup/process-end`.
const MARK = Symbol.for("otel-sentry-bridge.signal-listener.v1");
const MODES: ReadonlySet<string> = new Set(["deep", "off", "on"]);
const STARTED = Symbol.for("otel-sentry-bridge.doctor-started.v1");

const carrier: typeof globalThis & { [STARTED]?: true } = globalThis;

/** Starts the doctor if the environment asks for it: then reports at SIGUSR2 and at the end of the process. */
export function startFromEnvironment(): void {
  const mode = textIn(MODE_VARIABLE);
  if (mode !== undefined && !MODES.has(mode))
    writeStandardError(
      `otel-sentry-bridge: ${MODE_VARIABLE} is not one of on, deep and off: the doctor is off`,
    );
  if ((mode !== "on" && mode !== "deep") || !isMainThread || carrier[STARTED] === true) return;
  carrier[STARTED] = true;
  startDoctor(mode);
  attempt(() => process.on("SIGUSR2", () => isRelevant() && print(diagnose())), undefined);
  write(RUNNING, startOf(process.pid));
  let ending: ProcessEnding = "stopped";
  process.on("beforeExit", () => (ending = "idle"));
  onLastExit(() => finish(ending));
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) endAt(signal);
}

// Stays the last listener: the client's own listener, which may be added later, counts what is lost with the process.
function onLastExit(listener: () => void): void {
  let isMoving = false;
  const move = (): void => {
    process.off("exit", listener);
    process.on("exit", listener);
    isMoving = false;
  };
  process.on("exit", listener);
  process.on("newListener", (event) => {
    if (event !== "exit" || isMoving) return;
    isMoving = true;
    queueMicrotask(move);
  });
}

// Without a listener a signal ends the process without an `exit` event. The listener raises the signal again, unless the
// application handles it. A client that flushes first removes its own listener when it is done.
function endAt(signal: "SIGHUP" | "SIGINT" | "SIGTERM"): void {
  const others = (): unknown[] => process.listeners(signal).filter((each) => each !== listener);
  const end = (): void => {
    if (others().length > 0) return;
    process.off(signal, listener);
    finish("stopped");
    process.kill(process.pid, signal);
  };
  const onRemoved = (event: string | symbol): void => {
    if (event === signal) queueMicrotask(end);
  };
  const listener = Object.assign(
    () => {
      write(SIGNALLED, "");
      if (!process.listeners(signal).every((each) => MARK in each)) return;
      process.off("removeListener", onRemoved);
      process.on("removeListener", onRemoved);
      end();
    },
    { [MARK]: true },
  );
  process.on(signal, listener);
}

/** The report of one process of a run. */
export interface ProcessReport {
  readonly report: DoctorReport;
  /** False for a process that uses neither OpenTelemetry nor this package, such as npm. */
  readonly isRelevant: boolean;
  /** True for a process that an exception has ended before any span. */
  readonly hasFailed: boolean;
}

/** Extension of the file that a process has while it runs, with the time of its start. */
export const RUNNING = "running";
/** Extension of the file that a process has after a signal. */
export const SIGNALLED = "signalled";

/**
 * Returns when a process started, as the system counts it: another process may have the id of one that was killed. Empty
 * where there is no `/proc`, and for a process that there is not.
 */
export function startOf(pid: number): string {
  const stat = attempt(() => readFileSync(`/proc/${pid}/stat`, "utf8"), "");
  // The second field, in parentheses, may contain spaces.
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
}

// A process that uses neither OpenTelemetry nor this package, such as npm, prints nothing.
function isRelevant(): boolean {
  return isRegistered("trace") || isRegistered("context") || getClient() !== undefined;
}

function finish(ending: ProcessEnding): void {
  if (textIn(REPORTS_VARIABLE) === undefined) {
    if (isRelevant()) print(examineProcess(ending));
    return;
  }
  const report: ProcessReport = {
    report: examineProcess(ending),
    isRelevant: isRelevant(),
    hasFailed: endedEarly() !== undefined,
  };
  write("json", JSON.stringify(report));
}

function write(extension: string, text: string): void {
  const directory = textIn(REPORTS_VARIABLE);
  if (directory === undefined) return;
  const path = join(directory, `${process.pid}.`);
  attempt(() => {
    if (extension === "json") rmSync(`${path}${RUNNING}`, { force: true });
    writeFileSync(`${path}${extension}`, text);
  }, undefined);
}

function print(report: DoctorReport): void {
  for (const line of reportLines(report)) writeStandardError(line);
}
