import { types } from "node:util";

import { ProxyTime } from "./proxy-time.js";

/** Characters that are copied in one call by default. */
export const MAX_LENGTH = 102_400;

/** Values that are copied in one call by default. */
export const MAX_NODES = 5000;

/** Limits of a copy. */
export interface NormalizeLimits {
  /** Levels of objects, default 3; deeper objects become `[ClassName]`. */
  readonly depth: number;
  /** Properties per object or elements per array, default 1000. */
  readonly breadth: number;
  /** Characters per string, default 8192. */
  readonly stringLength: number;
  /** Characters per key, default 200. */
  readonly keyLength: number;
  /** Characters of the whole copy, default 102,400. Also bounds the time that copying takes. */
  readonly totalLength: number;
  /** Values in the whole copy, default 5000: each takes about 1 µs to copy, and again wherever the copy is read. */
  readonly nodes: number;
  /** Leaves out properties that are `undefined`; by default they become `[undefined]`. */
  readonly omitUndefined: boolean;
}

/** How much may still be read in one call. */
export interface CopyBudget {
  /** Characters that are left. */
  remaining: number;
  /** Values that are left. */
  nodes: number;
  readonly proxyTime: ProxyTime;
}

interface BudgetLimits {
  readonly totalLength?: number | undefined;
  readonly nodes?: number | undefined;
}

/** Returns the budget for values that are copied together: by default 5000 values and 102,400 characters. */
export function copyBudget(
  { totalLength = MAX_LENGTH, nodes = MAX_NODES }: BudgetLimits = {},
  proxyTime: ProxyTime = new ProxyTime(),
): CopyBudget {
  return {
    remaining: totalLength,
    nodes,
    proxyTime,
  };
}

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

/**
 * Returns the values that listing the keys of an object counts for. All are listed, even if only some are read; those of a
 * proxy twice, by its trap and by the engine.
 */
export function nodesOfKeys(listed: number): number {
  return Math.floor(listed / KEYS_PER_NODE);
}

const PROTOTYPES_PER_NODE = 8;

/** Prototypes above which nothing of an object is read. */
const MAX_PROTOTYPES = 1000;

/**
 * Returns the values that the prototypes of an object count for, none of which may be a proxy; undefined if there are more
 * than 1000. A property that an object does not have is looked for in all of them, for 0.04 µs each.
 */
export function nodesOfPrototypes(value: object): number | undefined {
  let count = 0;
  let holder: object | null = value;
  while (holder !== null && !types.isProxy(holder)) {
    if (count > MAX_PROTOTYPES) return undefined;
    holder = Object.getPrototypeOf(holder) as object | null;
    count += 1;
  }
  return Math.floor(count / PROTOTYPES_PER_NODE);
}

/** Values that a proxy counts for: its prototypes, keys and properties are read by calling functions of the application. */
export const PROXY_NODES = 10;

/** Values that one more copy counts for that is made while a value is read: what captures it takes longer than the copy. */
export const CAPTURE_NODES = 50;
