/** A call of the application's code by this package: a message to its logger, a hook, or its transport. */
export type OwnCall = "hook" | "message" | "transport";

// Shared by all copies of the package: one may call what captures by another.
const SLOT = Symbol.for("otel-sentry-bridge.own-calls.v1");
const carrier: typeof globalThis & { [SLOT]?: Record<OwnCall, number> } = globalThis;
const running = (carrier[SLOT] ??= { hook: 0, message: 0, transport: 0 });

/** Runs a call of the application's code; what it captures meanwhile would come to it again. */
export function duringOwnCall<T>(kind: OwnCall, run: () => T): T {
  running[kind] += 1;
  try {
    return run();
  } finally {
    running[kind] -= 1;
  }
}

/** The call that the code which asks was called by, the outermost kind of them; undefined where it is none. */
export function ownCall(): OwnCall | undefined {
  if (running.message > 0) return "message";
  if (running.transport > 0) return "transport";
  return running.hook > 0 ? "hook" : undefined;
}
