import { types } from "node:util";

import { observation } from "./observation.js";
import { duringOwnCall, ownCall } from "./own-call.js";

/** Options that decide where and how a set-up fault is reported. */
export interface FaultOptions {
  /** Keeps the fault off standard error; OTel's `diag` still receives it. Default false. */
  readonly isSilent?: boolean | undefined;
  /** Writes the fault to standard error even if OTel's `diag` has a logger. Default false. */
  readonly isDebug?: boolean | undefined;
  /** The underlying error. Its message is added to the line; a logger receives the error itself. */
  readonly cause?: unknown;
}

const PREFIX = "otel-sentry-bridge:";

// Kinds may contain a call site or a host name, so their number must be bounded.
const MAX_KINDS = 200;
const MAX_LINE_LENGTH = 2000;

// Shared by all copies of the package: each kind is reported once per process.
const SLOT = Symbol.for("otel-sentry-bridge.setup-faults.v1");
// The global object that all copies of `@opentelemetry/api` 1.x share. Read directly, so that the logger is found
// whichever copy of the API it was registered with.
const API = Symbol.for("opentelemetry.js.api.1");

const carrier: typeof globalThis & { [SLOT]?: Set<string>; [API]?: { diag?: DiagLogger } } =
  globalThis;

interface DiagLogger {
  error(message: string, ...details: unknown[]): void;
}

/**
 * Reports a set-up fault, which corrupts or loses data: once per process and kind, to the logger of OTel's `diag`
 * (level `error`) if there is one, else as one line on standard error. Needs no client. Never throws.
 */
export function reportSetupFault(kind: string, message: string, options: FaultOptions = {}): void {
  const { faults } = observation;
  if (faults.size < MAX_KINDS) faults.set(kind, lineOf(message, options.cause));
  const write = channelFor(options);
  const reported = reportedKinds();
  // A silenced fault does not count as reported, because another client may not be silent.
  if (write === undefined || reported.has(kind) || reported.size >= MAX_KINDS) return;
  if (ownCall() === "message") return;
  reported.add(kind);
  try {
    duringOwnCall("message", () => write(`${PREFIX} ${message}`, options.cause));
  } catch {
    // The logger is application code: its failures must not affect the caller.
  }
}

/** Tells whether any copy of the package has reported a fault of this kind. */
export function isFaultReported(kind: string): boolean {
  return reportedKinds().has(kind);
}

function reportedKinds(): Set<string> {
  return (carrier[SLOT] ??= new Set());
}

type Write = (message: string, cause: unknown) => void;

function channelFor({ isSilent, isDebug }: FaultOptions): Write | undefined {
  const logger = carrier[API]?.diag;
  if (logger !== undefined && isDebug !== true)
    return (message, cause) =>
      cause === undefined ? logger.error(message) : logger.error(message, cause);
  if (isSilent === true && isDebug !== true) return undefined;
  return (message, cause) => writeStandardError(lineOf(message, cause));
}

// Uses the error's message only: a stack would take many lines.
function lineOf(message: string, cause: unknown): string {
  const reason = types.isNativeError(cause) ? ` (${cause.message})`.slice(0, MAX_LINE_LENGTH) : "";
  return `${message}${reason}`
    .slice(0, MAX_LINE_LENGTH)
    .replaceAll(/\s*[\r\n]+\s*/g, " ")
    .slice(0, MAX_LINE_LENGTH);
}

const ignore = (): void => undefined;

/**
 * Writes one line to standard error. Never throws. Like `console.error`, it handles the `error` event of a closed stream
 * (EPIPE), which would otherwise be an uncaught exception.
 */
export function writeStandardError(line: string): void {
  const { stderr } = process;
  try {
    stderr.once("error", ignore);
    stderr.write(`${line}\n`, (error) => {
      // The stream emits its event after this callback.
      if (error && stderr.listenerCount("error") === 0) stderr.once("error", ignore);
    });
  } catch {
    // Standard error itself failed, so there is nowhere left to report it.
  } finally {
    stderr.off("error", ignore);
  }
}
