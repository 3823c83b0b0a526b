import { types } from "node:util";

import { duringOwnCall, ownCall } from "./own-call.js";

/** How a set-up fault is reported. */
export interface FaultOptions {
  /** Keeps it off standard error; OTel's `diag` still gets it. Default false. */
  readonly isSilent?: boolean | undefined;
  /** Writes it on standard error also where OTel's `diag` has a logger. Default false. */
  readonly isDebug?: boolean | undefined;
  /** The error behind it: its message goes on the line; a logger gets all of it. */
  readonly cause?: unknown;
}

const PREFIX = "otel-sentry-bridge:";

// Kinds may contain a call site or a host. An application that generates code must not grow this without end.
const MAX_KINDS = 200;
const MAX_LINE_LENGTH = 2000;

// Shared by all copies of the package: each kind is reported once per process.
const SLOT = Symbol.for("otel-sentry-bridge.setup-faults.v1");
// Where every copy of `@opentelemetry/api` 1.x keeps what is registered. It is read here, and not through the API,
// so that a logger is found whichever copy it was registered with.
const API = Symbol.for("opentelemetry.js.api.1");

const carrier: typeof globalThis & { [SLOT]?: Set<string>; [API]?: { diag?: DiagLogger } } =
  globalThis;

interface DiagLogger {
  error(message: string, ...details: unknown[]): void;
}

/**
 * Reports a fault in the set-up that makes data wrong or loses it: once per process and kind, to the logger of OTel's
 * `diag` (level `error`) where there is one, otherwise as one line on standard error. Needs no client. Never throws.
 */
export function reportSetupFault(kind: string, message: string, options: FaultOptions = {}): void {
  const write = channelFor(options);
  const reported = reportedKinds();
  // A muted fault is not marked as reported: another client may want to hear of it.
  if (write === undefined || reported.has(kind) || reported.size >= MAX_KINDS) return;
  if (ownCall() === "message") return;
  reported.add(kind);
  try {
    duringOwnCall("message", () => write(`${PREFIX} ${message}`, options.cause));
  } catch {
    // The logger is the application's code. Its failure must not reach the reporting part.
  }
}

/** Tells whether a fault of this kind was reported before, by any copy of the package. */
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

// Only the error's own message: a stack would make it many lines.
function lineOf(message: string, cause: unknown): string {
  const reason = types.isNativeError(cause) ? ` (${cause.message})`.slice(0, MAX_LINE_LENGTH) : "";
  return `${message}${reason}`
    .slice(0, MAX_LINE_LENGTH)
    .replaceAll(/\s*[\r\n]+\s*/g, " ")
    .slice(0, MAX_LINE_LENGTH);
}

const ignore = (): void => undefined;

/**
 * Writes one line on the standard error stream. Never throws, and a stream that is closed (EPIPE) does not end the
 * process: like `console.error`, it keeps the stream's `error` event from becoming an uncaught exception.
 */
export function writeStandardError(line: string): void {
  const { stderr } = process;
  try {
    stderr.once("error", ignore);
    stderr.write(`${line}\n`, (error) => {
      // The event follows this callback.
      if (error && stderr.listenerCount("error") === 0) stderr.once("error", ignore);
    });
  } catch {
    // There is nowhere left to report it.
  } finally {
    stderr.off("error", ignore);
  }
}
