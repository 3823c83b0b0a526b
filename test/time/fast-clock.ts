import { onTestFinished } from "vitest";

/**
 * Lets all clocks and timers of this process go so many times as fast, for the length of the test. The
 * network and other processes keep their pace.
 */
export function fastClock(factor: number): void {
  const { setTimeout: realTimeout } = globalThis;
  const realNow = performance.now.bind(performance);
  const realDate = Date.now.bind(Date);
  const start = realNow();
  const dateStart = realDate();
  const quickTimeout = (run: () => void, delay = 0, ...rest: []): NodeJS.Timeout =>
    realTimeout(run, delay / factor, ...rest);
  // Not mocks: those remember each of their calls, and tests of memory would see it.
  replace(performance, "now", () => start + (realNow() - start) * factor);
  replace(Date, "now", () => dateStart + (realDate() - dateStart) * factor);
  replace(globalThis, "setTimeout", quickTimeout);
}

function replace(owner: object, name: string, value: unknown): void {
  const own = Object.getOwnPropertyDescriptor(owner, name);
  Object.defineProperty(owner, name, { value, configurable: true, writable: true });
  onTestFinished(() => {
    if (own === undefined) Reflect.deleteProperty(owner, name);
    else Object.defineProperty(owner, name, own);
  });
}
