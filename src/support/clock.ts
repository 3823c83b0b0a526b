/**
 * Milliseconds since the epoch by a clock that only goes forward: what an operator or a time service
 * does to the wall clock neither ends a limit early nor makes it last an hour longer.
 */
export function steadyNow(): number {
  return performance.timeOrigin + performance.now();
}
