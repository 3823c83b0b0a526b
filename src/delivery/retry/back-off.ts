const MIN_BACK_OFF_MILLIS = 500;
const MAX_BACK_OFF_MILLIS = 30_000;

const MEAN_BRIEF_DELAY_MILLIS = 500;

const MAX_RETRY_AFTER_MILLIS = 24 * 60 * 60 * 1000;

// All three forms of an HTTP date begin with the name of the day and contain a time. `Date.parse` alone would accept
// nearly any text with a number in it.
const HTTP_DATE = /^[a-z]{3,9},? .*\d\d:\d\d:\d\d/i;

// The `asctime` form has no zone and means GMT; `Date.parse` alone would read it as local time.
const WITHOUT_ZONE = /^[a-z]{3} [a-z]{3} .*\d{4}$/i;

/**
 * Returns a random time between half of `millis` and `millis`, so that many clients that failed together do not retry
 * together.
 */
export function jittered(millis: number, random: () => number): number {
  return millis * (0.5 + random() / 2);
}

/** Returns the delay after `failures` consecutive failures (at least 1): it doubles, from 0.5 to 30 seconds. */
export function backOffMillis(failures: number, random: () => number): number {
  const longest = 2 * MIN_BACK_OFF_MILLIS * 2 ** (failures - 1);
  return jittered(Math.min(longest, MAX_BACK_OFF_MILLIS), random);
}

/** Returns the delay before the only retry of an envelope that may have arrived: up to a second. */
export function briefDelayMillis(random: () => number): number {
  return random() * 2 * MEAN_BRIEF_DELAY_MILLIS;
}

/** Duration of a rate limit whose header gives none (protocol: rate limiting). */
export const DEFAULT_PAUSE_MILLIS = 60_000;

/**
 * Parses `Retry-After`: seconds, or a date, which is compared with the wall clock. Returns milliseconds between 0 and a
 * day; a minute if the value is invalid; undefined without the header.
 */
export function retryAfterMillis(
  header: string | undefined,
  wallNowMillis: number = Date.now(),
): number | undefined {
  const text = header?.trim() ?? "";
  if (text === "") return undefined;
  const millis = HTTP_DATE.test(text) ? dateOf(text) - wallNowMillis : Number(text) * 1000;
  if (Number.isNaN(millis)) return DEFAULT_PAUSE_MILLIS;
  return Math.min(Math.max(millis, 0), MAX_RETRY_AFTER_MILLIS);
}

function dateOf(text: string): number {
  return Date.parse(WITHOUT_ZONE.test(text) ? `${text} GMT` : text);
}
