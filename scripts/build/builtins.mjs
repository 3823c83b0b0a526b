// Built-in functions that are called often, under names that the minifier can shorten. None of them uses `this`.
export const {
  assign,
  entries,
  freeze,
  fromEntries,
  getPrototypeOf,
  hasOwn,
  isFrozen,
  keys,
  values,
} = Object;
export const { parse, stringify } = JSON;
export const { abs, ceil, floor, max, min, round } = Math;
export const { isFinite, isInteger, isNaN, isSafeInteger, parseFloat } = Number;
export const { apply, get } = Reflect;
export const { isArray } = Array;
