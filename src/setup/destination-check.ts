import type { Diagnostics } from "../support/diagnostics.js";
import { pipelineFromEnvironment } from "../options/env.js";
import type { ClientOptions, Settings } from "../options/options.js";
import { isTransport } from "../options/validate.js";
import { runDetached } from "../context/suppress-tracing.js";

const NO_DSN =
  "no DSN is set, so nothing is sent to Sentry. Set SENTRY_DSN or the option `dsn`; where nothing is to be sent, pass `dsn: false`";

/** Tells whether what a client captures goes anywhere. */
export function hasDestination({ dsn, spotlight, transport }: Settings): boolean {
  return dsn !== undefined || spotlight !== undefined || isTransport(transport);
}

/**
 * Reports a client that has nowhere to send to, unless that is on purpose (`dsn: false`, `OTEL_SDK_DISABLED`). Later,
 * because the set-up code that makes the client may register a logger for `diag` after it.
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

// `process.exit()` may come before the next turn of the event loop.
function reportWaiting(): void {
  process.off("exit", reportWaiting);
  for (const diagnostics of waiting) diagnostics.faultOnce("no-dsn", NO_DSN);
  waiting.clear();
}
