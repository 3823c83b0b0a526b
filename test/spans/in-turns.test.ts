import { describe, expect, it } from "vitest";

import { inTurns } from "../../src/spans/in-turns.js";

const nextTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

function run(items: number, spansEach: number): { done: number[]; promise: Promise<void> } {
  const done: number[] = [];
  const list = Array.from({ length: items }, (_, index) => index);
  const promise = inTurns(list, (item) => {
    done.push(item);
    return spansEach;
  });
  return { done, promise };
}

describe("inTurns", () => {
  it("takes 32 small segments per turn, the first of them at once", async () => {
    const { done, promise } = run(100, 2);
    expect(done).toHaveLength(32);
    await nextTurn();
    expect(done).toHaveLength(64);
    await promise;
    expect(done).toHaveLength(100);
  });

  it("takes segments of 500 spans together per turn", async () => {
    const { done, promise } = run(10, 200);
    expect(done).toHaveLength(3);
    await promise;
    expect(done).toHaveLength(10);
  });

  it("takes one segment per turn if it is large", async () => {
    const { done, promise } = run(3, 20_000);
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
