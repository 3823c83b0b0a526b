/** The kinds of application code that this package calls: a logger, a hook, or a custom transport. */
export type OwnCall = "hook" | "message" | "transport";

// Shared by all copies of the package: code that one copy calls may capture through another.
const SLOT = Symbol.for("otel-sentry-bridge.own-calls.v1");
const carrier: typeof globalThis & { [SLOT]?: Record<OwnCall, number> } = globalThis;
const running = (carrier[SLOT] ??= { hook: 0, message: 0, transport: 0 });

/**
 * Runs application code, and marks the current call stack until it returns. What the code captures meanwhile is
 * dropped, because it would call the same code again without end; logs and metrics that a hook captures are kept.
 */
export function duringOwnCall<T>(kind: OwnCall, run: () => T): T {
  running[kind] += 1;
  try {
    return run();
  } finally {
    running[kind] -= 1;
  }
}

/**
 * Returns the kind of call that is running; undefined if there is none. If calls are nested, `message` takes precedence
 * over `transport`, and `transport` over `hook`.
 */
export function ownCall(): OwnCall | undefined {
  if (running.message > 0) return "message";
  if (running.transport > 0) return "transport";
  return running.hook > 0 ? "hook" : undefined;
}
