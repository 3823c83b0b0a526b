import { describe, expect, it } from "vitest";

import { createErrorMap } from "../../src/context/error-history.js";

describe("the memory of where errors happened", () => {
  it("recalls the unit that saw an error", () => {
    const units = createErrorMap<{ id: number }>();
    const error = Object.freeze(new Error("x"));
    const unit = { id: 1 };
    expect(units.recall(error)).toBeUndefined();
    units.remember(error, unit);
    expect(units.recall(error)).toBe(unit);
  });

  it("is of the unit that it was tied to last", () => {
    const units = createErrorMap<{ id: number }>();
    const error = new Error("x");
    const last = { id: 1 };
    units.remember(error, { id: 2 });
    units.remember(error, last);
    expect(units.recall(error)).toBe(last);
  });

  it("keeps errors that look the same apart", () => {
    const units = createErrorMap<{ id: number }>();
    units.remember(new Error("x"), { id: 1 });
    expect(units.recall(new Error("x"))).toBeUndefined();
  });

  it.each([["text"], [1], [undefined], [null], [Symbol.iterator], [true]])(
    "passes over the primitive %o",
    (thrown) => {
      const units = createErrorMap();
      units.remember(thrown, {});
      expect(units.recall(thrown)).toBeUndefined();
    },
  );

  it("takes any object, also a function and a revoked proxy", () => {
    const units = createErrorMap();
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    for (const thrown of [proxy, () => {}, {}]) {
      const unit = {};
      units.remember(thrown, unit);
      expect(units.recall(thrown)).toBe(unit);
    }
  });
});
