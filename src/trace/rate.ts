/** Whether a value is a probability: a number from 0 to 1. */
export function isRate(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value <= 1;
}

/** A probability from text, as `sample_rate` and `sample_rand` come; `undefined` when it is none. */
export function parseRate(text: string | undefined): number | undefined {
  if (text === undefined || text.trim() === "") return undefined;
  const value = Number(text);
  return isRate(value) ? value : undefined;
}
