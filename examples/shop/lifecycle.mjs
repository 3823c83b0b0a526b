import { stats } from "otel-sentry-bridge";

import { sdk } from "./telemetry.mjs";

/**
 * Tells the parent process where the service listens. When the parent says stop, or has gone: ends the
 * work first and the telemetry after it, reports what was counted, and lets the process end by itself.
 *
 * @param {number} port
 * @param {() => Promise<void>} close ends the service's work
 */
export function runUntilStopped(port, close) {
  const stop = once(async () => {
    await close();
    await sdk.shutdown();
    if (process.connected) process.send({ stats: stats() }, () => process.disconnect());
  });
  process.once("message", stop);
  process.once("disconnect", stop);
  process.once("SIGTERM", stop);
  process.send?.({ port });
}

function once(work) {
  let started;
  return () => (started ??= work());
}
