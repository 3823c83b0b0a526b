// Costs of reading values, in values: a plain one takes about 1 µs.
import { isUnreadable, slowTrapMicros } from "./foreign.js";

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

// The prototypes, keys and properties of a proxy are read by calling functions of the application.
const PROXY_NODES = 10;

// Traps that are called for a proxy, apart from its keys; listing these takes as long as 20. Those that are slow count for
// twice their time in microseconds.
const TRAPS_PER_PROXY = 56;
const TRAPS_TO_MEASURE = 6;
const MAX_UNREADABLE_NODES = 1000;
const TRAPS_PER_KEY = 4;

/** Returns the values that a proxy counts for. */
export function nodesOfProxy(proxy: object): number {
  const micros = slowTrapMicros(proxy);
  return (
    PROXY_NODES +
    (isUnreadable(proxy)
      ? Math.min(TRAPS_TO_MEASURE * micros, MAX_UNREADABLE_NODES)
      : TRAPS_PER_PROXY * micros)
  );
}

/** Returns the values that a property counts for beside its own, if the object is a slow proxy. */
export function nodesOfProxyKey(value: object): number {
  return TRAPS_PER_KEY * slowTrapMicros(value);
}
