import { isPromise } from "node:util/types";

import { detached } from "../support/detached.js";
import type { IncomingTrace } from "./headers.js";
import { isRate, parseRate, sampleRandOf } from "./sample-rand.js";
import type { SpanDescription } from "./span.js";

/** The argument of a `tracesSampler`: the local root as it starts, and the sender's decision. */
export interface SamplerContext extends SpanDescription {
  /** The sender's decision; `undefined` if the trace starts here or the sender defers the decision. */
  readonly parentSampled: boolean | undefined;
  /** The sender's sample rate, 0 to 1; `undefined` if it is unknown. */
  readonly parentSampleRate: number | undefined;
  /**
   * Returns the sender's rate, else 1 or 0 by the sender's decision, else `fallback`. A sampler that returns it keeps
   * traces complete.
   */
  readonly inheritOrSampleWith: (fallback: number) => number;
}

/** Decides about a local root: returns a rate from 0 to 1, or `true` (1) or `false` (0). Must be synchronous. */
export type TracesSampler = (context: SamplerContext) => number | boolean;

/** The input of a sampling decision. */
export interface SamplingInput {
  readonly traceId: string;
  readonly incoming: IncomingTrace | undefined;
  /** The decision of the remote parent in the same trace. */
  readonly parentSampled: boolean | undefined;
  /** `tracesSampleRate`. Without a rate and a sampler, nothing is sampled. */
  readonly rate: number | undefined;
  readonly sampler: TracesSampler | undefined;
  /** The local root. The sampler gets a copy of its attributes, because it must not change the SDK's own object. */
  readonly root: SpanDescription;
  /** Receives what the sampler threw. */
  readonly onSamplerError?: (error: unknown) => void;
  /** Called if the sampler returned neither a rate nor a boolean, with a description of what it returned. */
  readonly onInvalidAnswer?: (received: string) => void;
  /** Called if the sampler returned a promise. */
  readonly onAsyncSampler?: () => void;
}

/** A sampling decision. If `sampleRate` is set, `sampled` is `sampleRand < sampleRate`. */
export interface SamplingDecision {
  readonly sampled: boolean;
  /** The rate that was applied here; `undefined` if the decision was inherited or no rate is configured. */
  readonly sampleRate: number | undefined;
  readonly sampleRand: number;
}

/** The sampling decision of a segment, and the reason if it is not sent. */
export interface SegmentSampling {
  readonly sampling: SamplingDecision;
  readonly lostTo: "backpressure" | "sample_rate" | undefined;
}

/**
 * Holds the decision of a sampler about a root until a span processor, whose `onStart` is called next, takes it. A tracer
 * calls both in one synchronous call, so at most one decision is pending.
 */
export class PendingDecision {
  #traceId: string | undefined;
  #sampling: SegmentSampling | undefined;

  /** Stores the decision about the root that starts next. */
  announce(traceId: string, sampling: SegmentSampling): void {
    this.#traceId = traceId;
    this.#sampling = sampling;
  }

  /** Returns and removes the decision about a root of this trace; undefined if no sampler has just made one. */
  take(traceId: string): SegmentSampling | undefined {
    if (this.#traceId !== traceId) return undefined;
    const sampling = this.#sampling;
    this.#traceId = undefined;
    this.#sampling = undefined;
    return sampling;
  }
}

/**
 * Decides once per local root: by the sampler, else by the parent's decision, else by the rate
 * (https://develop.sentry.dev/sdk/telemetry/transactions/). A sampler that throws or returns a promise is ignored; an
 * invalid result means "not sampled". Never throws.
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

// Returns a rate, "invalid", or `undefined` if the sampler is to be ignored.
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
  input.onInvalidAnswer?.(received);
  return "invalid";
}

// Also finds promises of other libraries. May throw on a proxy.
function isThenable(answer: unknown): boolean {
  return typeof answer === "object" && answer !== null && "then" in answer;
}

// The decision is needed when the span starts, so the promise is ignored. Its rejection must not end the process.
function passedOver(answer: unknown, input: SamplingInput): undefined {
  if (isPromise(answer)) answer.catch(() => undefined);
  input.onAsyncSampler?.();
}

function samplerContext(input: SamplingInput): SamplerContext {
  const { parentSampled, incoming } = input;
  const dsc = incoming?.traceId === input.traceId ? incoming.dsc : undefined;
  const parentSampleRate = parseRate(dsc?.["sample_rate"]);
  const { name, kind, attributes } = input.root;
  return {
    name,
    kind,
    attributes: detached(attributes),
    parentSampled,
    parentSampleRate,
    inheritOrSampleWith: (fallback) => {
      if (parentSampleRate !== undefined) return parentSampleRate;
      return parentSampled === undefined ? fallback : Number(parentSampled);
    },
  };
}
