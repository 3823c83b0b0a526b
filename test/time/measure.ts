import { cpuUsage } from "node:process";

const TICK_MILLIS = 5;

/** A result, and the milliseconds that it took. */
export interface Timed<T> {
  readonly result: T;
  readonly millis: number;
}

/** Starts to measure the CPU time of this process, over all its threads: what other processes do has no part in it. */
export function cpuTime(): () => number {
  const before = cpuUsage();
  return () => {
    const { user, system } = cpuUsage(before);
    return (user + system) / 1000;
  };
}

/**
 * Awaits `run` and counts the ticks of a 5 ms timer meanwhile. A pause in which other processes had the CPU counts as one tick, so an
 * upper bound on the result holds on a loaded machine, too. It is never more than the real time, so it is no lower bound.
 */
export async function ownTime<T>(run: () => Promise<T>): Promise<Timed<T>> {
  let ticks = 0;
  const timer = setInterval(() => void (ticks += 1), TICK_MILLIS);
  try {
    const result = await run();
    return { result, millis: ticks * TICK_MILLIS };
  } finally {
    clearInterval(timer);
  }
}

/** Awaits `run` by the wall clock: for lower bounds, which a loaded machine cannot break. */
export async function wallTime<T>(run: () => Promise<T>): Promise<Timed<T>> {
  const start = performance.now();
  const result = await run();
  return { result, millis: performance.now() - start };
}
