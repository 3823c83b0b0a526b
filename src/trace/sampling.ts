import { isPromise } from "node:util/types";

import type { IncomingTrace } from "./headers.js";
import { isRate, parseRate, sampleRandOf } from "./sample-rand.js";

/** What is known of a local root when it is decided about. */
export interface RootDescription {
  readonly name: string;
  /** Span kind as OpenTelemetry numbers it. */
  readonly kind: number;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** What a `tracesSampler` is told. */
export interface SamplerContext extends RootDescription {
  /** The sender's decision; `undefined` when the trace starts here or the decision is ours. */
  readonly parentSampled: boolean | undefined;
  /** The sender's rate, if it is known. */
  readonly parentSampleRate: number | undefined;
  /** The sender's rate, else 1 or 0 by its decision, else `fallback`: keeps traces whole. */
  readonly inheritOrSampleWith: (fallback: number) => number;
}

/** Decides about a local root: a rate from 0 to 1, or `true` (1) or `false` (0). Must be synchronous. */
export type TracesSampler = (context: SamplerContext) => number | boolean;

/** What a decision depends on. */
export interface SamplingInput {
  readonly traceId: string;
  readonly incoming: IncomingTrace | undefined;
  /** The decision of the remote parent, of the same trace. */
  readonly parentSampled: boolean | undefined;
  /** `tracesSampleRate`. With neither a rate nor a sampler nothing is sampled. */
  readonly rate: number | undefined;
  readonly sampler: TracesSampler | undefined;
  /** Called only if there is a sampler. */
  readonly describeRoot: () => RootDescription;
  /** Gets what the sampler threw, or a `TypeError` if it returned neither a rate nor a boolean. */
  readonly onSamplerError?: (error: unknown) => void;
  /** Called when the sampler returned a promise. */
  readonly onAsyncSampler?: () => void;
}

/** Whether a local root is sampled, and how that came. `sampled` is `sampleRand < sampleRate` where a rate is given. */
export interface SamplingDecision {
  readonly sampled: boolean;
  /** The rate that was applied here; `undefined` when the decision was inherited or there was none to apply. */
  readonly sampleRate: number | undefined;
  readonly sampleRand: number;
}

/**
 * Decides once per local root: the sampler, else the parent's decision, else the rate
 * (https://develop.sentry.dev/sdk/telemetry/transactions/). A sampler that throws or is asynchronous is passed over; one
 * that returns something invalid means "not sampled". Never throws.
 */
export function decideSampling(input: SamplingInput): SamplingDecision {
  const sampleRand = sampleRandOf(input.traceId, input.incoming);
  const sampler = input.sampler;
  if (sampler === undefined && input.rate === undefined) return inherited(false, sampleRand);
  const answer = sampler === undefined ? undefined : askSampler(sampler, input);
  if (answer === "invalid") return inherited(false, sampleRand);
  if (answer !== undefined) return applied(answer, sampleRand);
  if (input.parentSampled !== undefined) return inherited(input.parentSampled, sampleRand);
  return isRate(input.rate) ? applied(input.rate, sampleRand) : inherited(false, sampleRand);
}

function applied(sampleRate: number, sampleRand: number): SamplingDecision {
  return { sampled: sampleRand < sampleRate, sampleRate, sampleRand };
}

function inherited(sampled: boolean, sampleRand: number): SamplingDecision {
  return { sampled, sampleRate: undefined, sampleRand };
}

// The rate, "invalid", or `undefined` when the sampler threw.
function askSampler(sampler: TracesSampler, input: SamplingInput): number | "invalid" | undefined {
  let answer: unknown;
  try {
    answer = sampler(samplerContext(input));
    if (isThenable(answer)) return passedOver(answer, input);
  } catch (error) {
    input.onSamplerError?.(error);
    return undefined;
  }
  if (typeof answer === "boolean") return answer ? 1 : 0;
  if (isRate(answer)) return answer;
  const received = typeof answer === "number" ? String(answer) : typeof answer;
  input.onSamplerError?.(
    new TypeError(`tracesSampler must return a number from 0 to 1 or a boolean, got ${received}`),
  );
  return "invalid";
}

// May throw: a promise of another library, or a proxy.
function isThenable(answer: unknown): boolean {
  return typeof answer === "object" && answer !== null && "then" in answer;
}

// The decision is needed when the span starts. A promise must not end the process when it rejects.
function passedOver(answer: unknown, input: SamplingInput): undefined {
  if (isPromise(answer)) answer.catch(() => undefined);
  input.onAsyncSampler?.();
}

function samplerContext(input: SamplingInput): SamplerContext {
  const { parentSampled, incoming } = input;
  const dsc = incoming?.traceId === input.traceId ? incoming.dsc : undefined;
  const parentSampleRate = parseRate(dsc?.["sample_rate"]);
  const { name, kind, attributes } = input.describeRoot();
  return {
    name,
    kind,
    attributes,
    parentSampled,
    parentSampleRate,
    inheritOrSampleWith: (fallback) => {
      if (parentSampleRate !== undefined) return parentSampleRate;
      return parentSampled === undefined ? fallback : Number(parentSampled);
    },
  };
}
