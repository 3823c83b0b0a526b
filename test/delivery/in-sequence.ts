/** Runs one after another, each when the one before it has settled. */
export function inSequence<T>(
  items: Iterable<T>,
  run: (item: T, index: number) => unknown,
): Promise<unknown> {
  return [...items].reduce<Promise<unknown>>(
    (done, item, index) => done.then(() => run(item, index)),
    Promise.resolve(),
  );
}

/** The same, a number of times. */
export function times(count: number, run: (index: number) => unknown): Promise<unknown> {
  return inSequence(Array.from({ length: count }).keys(), run);
}
