// Modules of Node that are loaded on first use: with what they depend on, they take 2 to 3 ms.

type Crypto = ReturnType<typeof process.getBuiltinModule<"node:crypto">>;
type Net = ReturnType<typeof process.getBuiltinModule<"node:net">>;

/** Returns `node:crypto`. */
export function nodeCrypto(): Crypto {
  return process.getBuiltinModule("node:crypto");
}

/** Returns `node:net`. */
export function nodeNet(): Net {
  return process.getBuiltinModule("node:net");
}
