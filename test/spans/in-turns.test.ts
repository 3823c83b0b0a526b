import { describe, expect, it } from "vitest";

import { inTurns, nextTurn } from "../../src/spans/in-turns.js";

describe("inTurns", () => {
  it("takes 32 items per turn, the first of them at once", async () => {
    const done: number[] = [];
    const list = Array.from({ length: 100 }, (_, index) => index);
    const promise = inTurns(list, (item) => void done.push(item));
    expect(done).toHaveLength(32);
    await nextTurn();
    expect(done).toHaveLength(64);
    await promise;
    expect(done).toEqual(list);
  });

  it("rejects if an item throws", async () => {
    const failing = inTurns([1, 2], () => {
      throw new Error("failed");
    });
    await expect(failing).rejects.toThrow("failed");
  });
});
