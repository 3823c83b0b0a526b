// What the applications of the corpus have in common: 100 units at once, each with its own user; every tenth fails.
import { setTimeout as pause } from "node:timers/promises";
import { trace } from "@opentelemetry/api";
import { close, setTag, setUser, suppressTracing } from "otel-sentry-bridge";

export const UNITS = 100;
const units = Array.from({ length: UNITS }, (_, unit) => unit);

/** The work of a unit: sets its user, waits, and fails if it is a tenth one. */
export async function work(unit, during = async () => {}) {
  setUser({ id: `user-${unit}` });
  await pause(unit % 7);
  setTag("unit", String(unit));
  await during(unit);
  await pause(unit % 3);
  if (unit % 10 === 3) throw new Error(`unit ${unit} failed`);
  return { unit };
}

/** Runs all units at once, whatever becomes of each. */
export function all(run) {
  return Promise.allSettled(units.map(run));
}

/** A span of the application's own, which does not record errors. */
export async function inSpan(name, options, fn) {
  return await trace.getTracer("corpus").startActiveSpan(name, options, async (span) => {
    try {
      return await fn(span);
    } finally {
      span.end();
    }
  });
}

/** Requests a path for each unit at once, without spans of the client. */
export async function requestAll(port, pathOf = (unit) => `/units/${unit}`, options = () => ({})) {
  await suppressTracing(() =>
    all(async (unit) => {
      const response = await fetch(`http://127.0.0.1:${port}${pathOf(unit)}`, options(unit));
      await response.text();
    }),
  );
}

/** Ends the program when everything has been sent. */
export async function end() {
  await pause(50);
  await close();
  process.exit(0);
}
