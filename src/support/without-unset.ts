/** Copies an object without its members that are `undefined`. */
export function withoutUnset<T extends object>(value: T): T {
  return Object.fromEntries(
    Object.entries(value).filter(([, member]) => member !== undefined),
  ) as T;
}
