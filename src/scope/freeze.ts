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

function deepFreeze<T extends object>(value: T): T {
  for (const member of Object.values(value)) {
    if (typeof member === "object" && member !== null) deepFreeze(member);
  }
  return Object.freeze(value);
}
