import { describe, expect, it } from "vitest";

import { getIsolationScope, setUser, withIsolationScope } from "../../src/index.js";
import { useRulesKit } from "../isolation/rules-kit.js";

useRulesKit();

function userHere(): unknown {
  return getIsolationScope().data.user?.id;
}

function* body(): Generator {
  for (let count = 0; count < 3; count++) yield userHere();
}

// Node 20 has no helpers yet. As the language defines them: by `next` of whatever they are called on.
function forEachItem(this: Iterator<unknown>, visit: (item: unknown) => void): void {
  for (let step = this.next(); step.done !== true; step = this.next()) visit(step.value);
}

describe("a method that all iterators inherit (iterator helpers, Symbol.dispose)", () => {
  const prototype = Object.getPrototypeOf(Object.getPrototypeOf([].values())) as object;

  it("runs the body in the unit, and its callback where it is called", () => {
    Object.defineProperty(prototype, "forEachItem", { configurable: true, value: forEachItem });
    const items = withIsolationScope(() => (setUser({ id: "anna" }), body()));
    const seen: unknown[] = [];
    withIsolationScope(() => {
      setUser({ id: "consumer" });
      const method: unknown = Reflect.get(items, "forEachItem");
      Reflect.apply(method as typeof forEachItem, items, [
        (item: unknown) => seen.push([item, userHere()]),
      ]);
    });
    Reflect.deleteProperty(prototype, "forEachItem");
    expect(seen).toEqual([
      ["anna", "consumer"],
      ["anna", "consumer"],
      ["anna", "consumer"],
    ]);
  });
});
