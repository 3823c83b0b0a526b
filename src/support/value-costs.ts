// Costs of reading values, in values: a plain one takes about 1 µs.

/** Values that an error counts for which a getter or a trap throws. */
export const CAUGHT_NODES = 10;

/** Values that a stack trace counts for: V8 formats it when it is first read, in about 10 µs. */
export const STACK_NODES = 20;

// V8 joins all parts of a string before its first character can be read: 2 to 5 ns per character if they are short.
const CHARACTERS_PER_NODE = 512;

/** Returns the values that a string counts for. */
export function nodesOfText(text: string): number {
  return Math.floor(text.length / CHARACTERS_PER_NODE);
}

const KEYS_PER_NODE = 4;

// The properties that are read still fit.
const MAX_LIST_NODES = 4000;

/**
 * Returns the values that listing the keys of an object counts for. All are listed, even if only some are read; those of a
 * proxy twice, by its trap and by the engine.
 */
export function nodesOfKeys(listed: number): number {
  return Math.min(Math.floor(listed / KEYS_PER_NODE), MAX_LIST_NODES);
}

/** Values that a proxy counts for: its prototypes, keys and properties are read by calling functions of the application. */
export const PROXY_NODES = 10;
