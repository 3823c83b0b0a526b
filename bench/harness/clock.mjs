// CPU time and wall clock of the process.

/** Returns the CPU time of the process, in microseconds. */
export function cpuMicros() {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** Returns a point in time, for `millisSince`. */
export const now = () => ({ wall: performance.now(), cpu: cpuMicros() });

/**
 * Returns the milliseconds since then, by the clock that shows less: of a busy machine the wall clock shows too much, and the CPU
 * time shows what other threads of this process do.
 */
export function millisSince({ wall, cpu }) {
  return Math.min(performance.now() - wall, (cpuMicros() - cpu) / 1000);
}
