import { normalize } from "../normalize/normalize.js";

import type { FrozenRecord } from "./scope-data.js";

/**
 * A deeply frozen JSON copy of what the application passed: a later change of its object changes no
 * scope, and no fork can change another's value. The application's own object stays untouched.
 */
export function frozenCopy(value: object): FrozenRecord {
  const copy = normalize(value);
  return isRecord(copy) ? deepFreeze(copy) : Object.freeze({});
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function deepFreeze<T extends object>(value: T): T {
  for (const member of Object.values(value)) {
    if (typeof member === "object" && member !== null) deepFreeze(member);
  }
  return Object.freeze(value);
}
