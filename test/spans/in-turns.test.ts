import { describe, expect, it } from "vitest";

import { inTurns } from "../../src/spans/in-turns.js";

const nextTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

// A clock by which each item takes so many milliseconds.
function run(items: number, millisEach: number): { done: number[]; promise: Promise<void> } {
  const done: number[] = [];
  const list = Array.from({ length: items }, (_, index) => index);
  const promise = inTurns(
    list,
    (item) => void done.push(item),
    () => done.length * millisEach,
  );
  return { done, promise };
}

describe("inTurns", () => {
  it("does for half a millisecond what it can, at once", async () => {
    const { done, promise } = run(100, 0.1);
    expect(done).toHaveLength(5);
    await nextTurn();
    expect(done).toHaveLength(10);
    await promise;
    expect(done).toHaveLength(100);
  });

  it("does one item per turn if an item takes longer than a turn should", async () => {
    const { done, promise } = run(3, 20);
    expect(done).toEqual([0]);
    await nextTurn();
    expect(done).toEqual([0, 1]);
    await promise;
    expect(done).toEqual([0, 1, 2]);
  });

  it("rejects if an item throws", async () => {
    const failing = inTurns([1, 2], () => {
      throw new Error("failed");
    });
    await expect(failing).rejects.toThrow("failed");
  });
});
