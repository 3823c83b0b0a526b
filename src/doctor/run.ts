import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { isMainThread } from "node:worker_threads";

import { textIn } from "../options/env.js";
import { isRegistered } from "../context/api-registration.js";
import { getClient } from "../context/global-client.js";
import { attempt } from "../support/foreign.js";
import { writeStandardError } from "../support/setup-faults.js";
import { diagnose, examineProcess, startDoctor } from "./diagnose.js";
import type { ProcessEnding } from "./diagnose.js";
import type { DoctorReport } from "./finding.js";
import { reportLines } from "./report-text.js";

/** Selects the mode: `off`, `on` or `deep`. */
export const MODE_VARIABLE = "OTEL_SENTRY_BRIDGE_DOCTOR";
/** Directory to which each process writes its report when it ends; without it, the report is written to standard error. */
export const REPORTS_VARIABLE = "OTEL_SENTRY_BRIDGE_DOCTOR_REPORTS";

// Listeners of this package do not count as listeners of the application: see `setup/process-end`.
const MARK = Symbol.for("otel-sentry-bridge.signal-listener.v1");
const STARTED = Symbol.for("otel-sentry-bridge.doctor-started.v1");

const carrier: typeof globalThis & { [STARTED]?: true } = globalThis;

/** Starts the doctor if the environment asks for it: then reports at SIGUSR2 and at the end of the process. */
export function startFromEnvironment(): void {
  const mode = textIn(MODE_VARIABLE);
  if ((mode !== "on" && mode !== "deep") || !isMainThread || carrier[STARTED] === true) return;
  carrier[STARTED] = true;
  startDoctor(mode);
  attempt(() => process.on("SIGUSR2", () => print(diagnose())), undefined);
  let ending: ProcessEnding = "stopped";
  process.on("beforeExit", () => (ending = "idle"));
  onLastExit(() => finish(ending));
  for (const signal of ["SIGINT", "SIGTERM"] as const) endAt(signal);
}

// The client's own listener counts what is lost with the process, so this one moves behind each that is added.
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

// Without a listener a signal ends the process without an `exit` event. The listener removes itself and raises the signal
// again, unless the application or the client handles it.
function endAt(signal: "SIGINT" | "SIGTERM"): void {
  const listener = Object.assign(
    () => {
      process.off(signal, listener);
      finish("stopped");
      if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
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
}

// Processes that use neither OpenTelemetry nor this package, such as npm, say nothing.
function finish(ending: ProcessEnding): void {
  const directory = textIn(REPORTS_VARIABLE);
  const isRelevant = isRegistered("trace") || isRegistered("context") || getClient() !== undefined;
  if (directory === undefined) {
    if (isRelevant) print(examineProcess(ending));
    return;
  }
  const report: ProcessReport = { report: examineProcess(ending), isRelevant };
  attempt(
    () => writeFileSync(join(directory, `${process.pid}.json`), JSON.stringify(report)),
    undefined,
  );
}

function print(report: DoctorReport): void {
  for (const line of reportLines(report)) writeStandardError(line);
}
