/** Values that harm who reads them carelessly. */
export function hostileValues(): unknown[] {
  const cyclic: Record<string, unknown> = { a: 1 };
  cyclic["self"] = cyclic;
  const measured: Record<string, unknown> = { unit: "byte" };
  measured["value"] = measured;
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  const brokenProxy = new Proxy(
    {},
    { get: thrower, ownKeys: thrower, has: thrower, getPrototypeOf: thrower },
  );
  const nullPrototype: unknown = Object.create(null);
  return [
    cyclic,
    measured,
    proxy,
    brokenProxy,
    nullPrototype,
    [proxy],
    [undefined, null],
    {
      get value(): never {
        return thrower();
      },
    },
    { toJSON: thrower },
    { toString: thrower, [Symbol.toPrimitive]: thrower },
    Symbol("s"),
    thrower,
    new Error("\udfff"),
    new Map([[{}, cyclic]]),
    new Date(Number.NaN),
    new Uint8Array(1_000_000),
    Array.from({ length: 100_000 }, () => Number.NaN),
    10n ** 5000n,
    Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`k${index}`, index])),
    globalThis,
  ];
}

function thrower(): never {
  throw new Error("hostile");
}
