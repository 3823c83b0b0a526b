import { attempt, firstOf, isList, lengthOf, ownKeys, setProperty } from "./foreign.js";

/** Values that are copied by default. Beyond this number they stay shared with the original. */
const MAX_FOREIGN_VALUES = 5000;

const MAX_DEPTH = 100;

interface Copying {
  readonly copies: Map<object, unknown>;
  remaining: number;
}

/**
 * Copies plain objects and arrays at every level, so that a hook's changes to the copy do not affect the original.
 * Other objects (errors, dates, class instances, buffers) stay shared, as does everything beyond `maxValues` values
 * (default 5000) or 100 levels. Never throws.
 */
export function detached<T>(value: T, maxValues: number = MAX_FOREIGN_VALUES): T {
  return attempt(
    () => copyOf(value, MAX_DEPTH, { copies: new Map(), remaining: maxValues }) as T,
    value,
  );
}

function copyOf(value: unknown, depth: number, copying: Copying): unknown {
  if (typeof value !== "object" || value === null || depth === 0) return value;
  const known = copying.copies.get(value);
  if (known !== undefined) return known;
  if (isList(value)) return listCopy(value, depth, copying);
  return isPlain(value) ? recordCopy(value, depth, copying) : value;
}

function listCopy(list: readonly unknown[], depth: number, copying: Copying): unknown {
  copying.remaining -= lengthOf(list);
  if (copying.remaining < 0) return list;
  const copy: unknown[] = [];
  copying.copies.set(list, copy);
  for (const item of firstOf(list, lengthOf(list))) copy.push(copyOf(item, depth - 1, copying));
  return copy;
}

function recordCopy(record: object, depth: number, copying: Copying): unknown {
  // Checked before the keys are listed, because listing takes time as well.
  if (copying.remaining <= 0) return record;
  const keys = ownKeys(record, copying.remaining + 1);
  copying.remaining -= keys.length;
  if (copying.remaining < 0) return record;
  const copy: Record<string, unknown> = {};
  copying.copies.set(record, copy);
  for (const key of keys) {
    const property = attempt<unknown>(() => Reflect.get(record, key), undefined);
    setProperty(copy, key, copyOf(property, depth - 1, copying));
  }
  return copy;
}

function isPlain(value: object): boolean {
  const prototype = attempt<unknown>(() => Object.getPrototypeOf(value), undefined);
  return prototype === Object.prototype || prototype === null;
}
