import { describe, expect, it } from "vitest";

import { TurnBudget, inTurns, nextTurn } from "../../src/spans/in-turns.js";

describe("a turn", () => {
  it.each([
    { length: 0, perTurn: 25 },
    { length: 400, perTurn: 24 },
    { length: 12_000, perTurn: 10 },
    { length: 400_000, perTurn: 1 },
  ])("takes $perTurn transactions of $length characters", ({ length, perTurn }) => {
    const budget = new TurnBudget();
    let taken = 1;
    while (!budget.spend(length)) taken += 1;
    expect(taken).toBe(perTurn);
  });
});

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
