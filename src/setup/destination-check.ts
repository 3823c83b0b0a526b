import type { Diagnostics } from "../support/diagnostics.js";
import { pipelineFromEnvironment } from "../options/env.js";
import type { ClientOptions, Settings } from "../options/options.js";
import { isTransport } from "../options/validate.js";
import { runDetached } from "../context/suppress-tracing.js";

const NO_DSN =
  "no DSN is set, so nothing is sent to Sentry. Set SENTRY_DSN or the option `dsn`; to send nothing on purpose, pass `dsn: false`";

/** Tells whether a client has anywhere to send to. */
export function hasDestination({ dsn, spotlight, transport }: Settings): boolean {
  return dsn !== undefined || spotlight !== undefined || isTransport(transport);
}

/**
 * Reports a client that has nowhere to send to, unless that is intended (`dsn: false`, `OTEL_SDK_DISABLED`). Reports in
 * the next turn of the event loop, because the application may set a logger for `diag` after it creates the client.
 */
export function checkDestination(
  { dsn }: ClientOptions,
  { settings, diagnostics }: { readonly settings: Settings; readonly diagnostics: Diagnostics },
): void {
  if (dsn === false || hasDestination(settings) || pipelineFromEnvironment().isDisabled) return;
  if (waiting.size === 0) {
    process.once("exit", reportWaiting);
    runDetached(() => setImmediate(reportWaiting));
  }
  waiting.add(diagnostics);
}

const waiting = new Set<Diagnostics>();

// Also called at `exit`, in case the application calls `process.exit()` before the next turn.
function reportWaiting(): void {
  process.off("exit", reportWaiting);
  for (const diagnostics of waiting) diagnostics.faultOnce("no-dsn", NO_DSN);
  waiting.clear();
}
