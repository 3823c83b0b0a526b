import type { IncomingTrace } from "./headers.js";

// `sample_rand` has six decimals, so decisions are made in steps of a millionth.
const STEPS = 1_000_000;
const HALF = 2 ** 28;

/**
 * Returns the number in [0, 1) by which all services of a trace decide: a trace is sampled if it is below the rate. The
 * sender's `sample_rand` is used unchanged if it is valid. Otherwise six decimals are derived from the trace id, so that
 * services that receive no Sentry headers agree, too, and scaled into the range that agrees with the sender's rate and
 * decision, if it sent both.
 */
export function sampleRandOf(traceId: string, incoming: IncomingTrace | undefined): number {
  const step = stepOf(traceId);
  const dsc = incoming?.traceId === traceId ? incoming.dsc : undefined;
  if (dsc === undefined) return step / STEPS;
  const given = parseRate(dsc["sample_rand"]);
  if (given !== undefined && given < 1) return given;
  return consistentStep(step, parseRate(dsc["sample_rate"]), incoming?.sampled) / STEPS;
}

// Contradictions (sampled at rate 0, not sampled at rate 1) leave an empty range; the step then stays unchanged.
function consistentStep(step: number, rate: number | undefined, sampled?: boolean): number {
  if (rate === undefined || sampled === undefined) return step;
  const cut = firstStepNotBelow(rate);
  if (sampled) return cut === 0 ? step : Math.floor((step * cut) / STEPS);
  return cut === STEPS ? step : cut + Math.floor((step * (STEPS - cut)) / STEPS);
}

// The product may be off by one step: 0.07 * 1e6 is 70000.00000000001.
function firstStepNotBelow(rate: number): number {
  const step = Math.ceil(rate * STEPS);
  if ((step - 1) / STEPS >= rate) return step - 1;
  return step / STEPS < rate ? step + 1 : step;
}

/**
 * Derives a step from the random bits of a trace id: the last 7 bytes
 * (https://www.w3.org/TR/trace-context-2/#random-trace-id-flag), an integer R below 2^56. OpenTelemetry's consistent
 * samplers keep a trace if R is high; Sentry keeps it if `sample_rand` is low. So `sample_rand` is 1 - R / 2^56: a trace
 * kept at one rate is kept at every higher rate, by either kind of sampler. Without the inversion, two samplers at 50 %
 * would have no trace in common.
 *
 * R is processed in two halves because the product needs more than the 53 bits of a double.
 */
function stepOf(traceId: string): number {
  const high = HALF - 1 - hexAt(traceId, 18);
  const low = HALF - 1 - hexAt(traceId, 25);
  return Math.floor((high * STEPS + Math.floor((low * STEPS) / HALF)) / HALF);
}

// Reads seven digits by character code: `slice` and `parseInt` would allocate two strings per root. Without a branch for
// letters, which the processor cannot predict, it takes half the time.
function hexAt(text: string, start: number): number {
  let value = 0;
  for (let index = start; index < start + 7; index++) {
    const code = text.charCodeAt(index);
    value = (value << 4) | ((code + 9 * (code >> 6)) & 15);
  }
  return value;
}

/** Tells whether a value is a probability: a number from 0 to 1. */
export function isRate(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value <= 1;
}

/**
 * Parses a probability, such as the string values of `sample_rate` and `sample_rand`; returns `undefined` if it is
 * invalid.
 */
export function parseRate(text: string | undefined): number | undefined {
  if (text === undefined || text.trim() === "") return undefined;
  const value = Number(text);
  return isRate(value) ? value : undefined;
}
