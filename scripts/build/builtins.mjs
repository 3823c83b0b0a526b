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
export const { isFinite, isInteger, isSafeInteger, parseFloat } = Number;
export const { apply, get } = Reflect;
export const { isArray } = Array;
