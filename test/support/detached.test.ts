import { describe, expect, test } from "vitest";

import { detached } from "../../src/support/detached.js";

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

describe("detached", () => {
  test("copies the fields beside one that cannot be read", () => {
    const value = { data: { amount: 1 }, list: [revoked()], other: revoked() };

    const copy = detached(value);
    copy.data.amount = 2;

    expect(value.data.amount).toBe(1);
    // Vitest cannot compare a revoked proxy.
    expect(copy.list === value.list).toBe(false);
    expect(copy.other === value.other).toBe(true);
  });

  test("lists few keys of a tree without end", () => {
    let listed = 0;
    const tree = (): object =>
      new Proxy(
        {},
        {
          ownKeys: () => Array.from({ length: 1000 }, (_, index) => `k${index}`),
          getOwnPropertyDescriptor: () => {
            listed += 1;
            return { configurable: true, enumerable: true, value: 1 };
          },
          get: () => tree(),
        },
      );

    detached(tree());

    expect(listed).toBeLessThan(20_000);
  });
});
