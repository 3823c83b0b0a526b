import { onTestFinished, vi } from "vitest";

/** A clock that a test can move. */
export interface MovableClock {
  /** As if so much time had passed while the process stood still; timers do not run for it. */
  pass(millis: number): void;
  /** As if somebody had set the wall clock; the monotonic one does not notice. */
  setWall(millis: number): void;
}

/** Takes over the clocks of this process, but not its timers, for the length of the test. */
export function movableClock(): MovableClock {
  const realNow = performance.now.bind(performance);
  const realDate = Date.now.bind(Date);
  let passed = 0;
  let wall = 0;
  const spies = [
    vi.spyOn(performance, "now").mockImplementation(() => realNow() + passed),
    vi.spyOn(Date, "now").mockImplementation(() => realDate() + passed + wall),
  ];
  onTestFinished(() => {
    for (const spy of spies) spy.mockRestore();
  });
  return {
    pass: (millis) => void (passed += millis),
    setWall: (millis) => void (wall += millis),
  };
}
