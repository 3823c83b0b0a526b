/** Seed of random inputs, part of each failure's message. `FUZZ_SEED=… npx vitest run test/trace` repeats a run. */
// oxlint-disable-next-line node/no-process-env -- a person sets it, to repeat a run
export const SEED: number = Number(process.env["FUZZ_SEED"] ?? Date.now() % 2 ** 31);

/** True in `npm run test:deep`. */
// oxlint-disable-next-line node/no-process-env -- set there
export const IS_DEEP: boolean = process.env["DEEP"] !== undefined;

const SHARE = IS_DEEP ? 1 : 10;

/** Returns how many random inputs a test tries: a tenth of `count`; all of them in `npm run test:deep`. */
export function runs(count: number): number {
  return Math.ceil(count / SHARE);
}

// A tenth of a table whose rows have ten columns would be a single column.
const STRIDE = IS_DEEP ? 1 : 11;

/** Returns an eleventh of the items, at least one, another one by each seed and `part`; all of them in `npm run test:deep`. */
export function some<T>(items: readonly T[], part: number = 0): T[] {
  const stride = Math.min(STRIDE, items.length);
  return items.filter((_, index) => index % stride === (SEED + part) % stride);
}

/** Returns parameters of fast-check: `runs` of inputs by the common seed. */
export function times(count: number): { readonly numRuns: number; readonly seed: number } {
  return { numRuns: runs(count), seed: SEED };
}
