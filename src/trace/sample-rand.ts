import type { IncomingTrace } from "./headers.js";

// `sample_rand` has six decimals: decisions are taken among a million steps.
const STEPS = 1_000_000;
const HALF = 2 ** 28;

/**
 * The number in [0, 1) by which all services of a trace decide: sampled if it is below the rate. The
 * sender's `sample_rand` if it is valid (as exact as it came); else six decimals, derived from the
 * trace id, so that services that see no Sentry headers agree too; within the range that the
 * sender's rate and decision leave open, if it sent both.
 */
export function sampleRandOf(traceId: string, incoming: IncomingTrace | undefined): number {
  const step = stepOf(traceId);
  const dsc = incoming?.traceId === traceId ? incoming.dsc : undefined;
  if (dsc === undefined) return step / STEPS;
  const given = parseRate(dsc["sample_rand"]);
  if (given !== undefined && given < 1) return given;
  return consistentStep(step, parseRate(dsc["sample_rate"]), incoming?.sampled) / STEPS;
}

// Contradictions (sampled at rate 0, not sampled at rate 1) leave nothing to be consistent with.
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
 * The random bits are the last 7 bytes (https://www.w3.org/TR/trace-context-2/#random-trace-id-flag),
 * an integer R below 2^56. OpenTelemetry's consistent samplers keep a trace if R is high; Sentry keeps
 * it if `sample_rand` is low. So this is 1 - R / 2^56: a trace kept at one rate is kept at every
 * higher one, whoever decides. The other way round, two samplers at 50 % would have no trace in common.
 *
 * The halves keep the product exact, which has more than the 53 bits of a double.
 */
function stepOf(traceId: string): number {
  const high = HALF - 1 - hexAt(traceId, 18);
  const low = HALF - 1 - hexAt(traceId, 25);
  return Math.floor((high * STEPS + Math.floor((low * STEPS) / HALF)) / HALF);
}

// Seven digits by their character codes: `slice` and `parseInt` would make two strings per root.
function hexAt(text: string, start: number): number {
  let value = 0;
  for (let index = start; index < start + 7; index++) {
    const code = text.charCodeAt(index);
    value = value * 16 + ((code <= 57 ? code : code + 9) & 15);
  }
  return value;
}

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
