/** An object like the given one, and the keys that were read of it. */
export interface RecordedReads<T extends object> {
  readonly view: T;
  readonly keys: ReadonlySet<PropertyKey>;
}

/**
 * Returns a view of an object that records which keys are read. A function that reads nothing else has the same result for
 * each object with the same keys in which these have the same values.
 */
export function recordReads<T extends object>(target: T): RecordedReads<T> {
  const keys = new Set<PropertyKey>();
  const view = new Proxy(target, {
    get(from, key): unknown {
      keys.add(key);
      return Reflect.get(from, key);
    },
  });
  return { view, keys };
}
