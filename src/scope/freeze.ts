import { isRecord } from "../normalize/foreign.js";
import { normalize } from "../normalize/normalize.js";

import type { FrozenRecord } from "./scope-data.js";

/**
 * A deeply frozen JSON copy of what the application passed: a later change of its object changes no
 * scope, and no fork can change another's value. The application's own object stays untouched.
 * `depth` levels of objects are kept.
 */
export function frozenCopy(value: object, depth: number = 3): FrozenRecord {
  const copy = normalize(value, { depth, omitUndefined: true });
  return isRecord(copy) ? deepFreeze(copy) : Object.freeze({});
}

/** The entries of the application's object; what cannot be read is left out. */
export function readableEntries<Value>(
  value: Readonly<Record<string, Value>> | object,
): [string, Value][] {
  const entries: [string, Value][] = [];
  for (const key of readableKeys(value)) {
    try {
      entries.push([key, Reflect.get(value, key) as Value]);
    } catch {
      // A getter of the application's that throws.
    }
  }
  return entries;
}

function readableKeys(value: object): string[] {
  try {
    return Object.keys(value);
  } catch {
    return [];
  }
}

function deepFreeze<T extends object>(value: T): T {
  for (const member of Object.values(value)) {
    if (typeof member === "object" && member !== null) deepFreeze(member);
  }
  return Object.freeze(value);
}
