import { describe, expect, it } from "vitest";

import { inTurns, nextTurn } from "../../src/spans/in-turns.js";

describe("inTurns", () => {
  it.each([
    { length: 0, perTurn: 25 },
    { length: 400, perTurn: 24 },
    { length: 12_000, perTurn: 10 },
    { length: 400_000, perTurn: 1 },
  ])("takes $perTurn items of $length characters per turn, the first at once", async (turn) => {
    const done: number[] = [];
    const list = Array.from({ length: 4 * turn.perTurn }, (_, index) => index);
    const promise = inTurns(list, (item) => {
      done.push(item);
      return turn.length;
    });
    expect(done).toHaveLength(turn.perTurn);
    await nextTurn();
    expect(done).toHaveLength(2 * turn.perTurn);
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
