import { describe, expect, it } from "vitest";

import { gateKit } from "./gate-kit.js";

const { found, open, over, query } = gateKit();

/** Ends requests of which some go on, each with so many spans. */
function goOn(late: number, others: () => void): void {
  for (let index = 0; index < 30; index += 1)
    if (index % 5 === 0) query(over(), late);
    else others();
}

describe("rule D1, of work that several requests do alike after their end, is", () => {
  it("worth knowing where all others have done work of their own", () => {
    goOn(6, () => {
      const { span, ctx } = open();
      query(ctx);
      span.end();
    });

    expect(found()).toEqual(["D1 info"]);
  });

  it("a warning, and no error, where a cache may have answered the others", () => {
    goOn(6, over);

    expect(found()).toEqual(["D1 warning"]);
  });

  it("an error where one of them has that of many", () => {
    query(over(), 40);
    goOn(6, over);

    expect(found()).toEqual(["D1 error"]);
  });
});
