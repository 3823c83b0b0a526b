import type { SamplingDecision, SegmentSampling } from "./sampling.js";

/** The current pressure on delivery: how far the sample rate is lowered. */
export interface Pressure {
  /** Returns how many times the sample rate is halved: 0 to 10. */
  factor(): number;
}

/** Settings of the measurement. */
interface BackpressureSettings {
  /** Tells whether new telemetry can be sent: the queue is not full and no rate limit is active. Must not throw. */
  readonly isHealthy: () => boolean;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  /** Milliseconds between two health checks. Default 10,000. */
  readonly intervalMillis?: number | undefined;
}

const DEFAULT_INTERVAL_MILLIS = 10_000;
const MAX_FACTOR = 10;

/** A pressure of 0, for clients without backpressure. */
export const NO_PRESSURE: Pressure = { factor: () => 0 };

/**
 * Measures the pressure when `factor` is called, without a timer. Each failed health check halves the rate once more;
 * the first successful one restores it. An interval without calls counts as one check.
 */
export function createBackpressure(settings: BackpressureSettings): Pressure {
  const { isHealthy, now, intervalMillis = DEFAULT_INTERVAL_MILLIS } = settings;
  let factor = 0;
  let lookedAt = now();

  return {
    factor() {
      const current = now();
      if (current - lookedAt < intervalMillis) return factor;
      lookedAt = current;
      factor = isHealthy() ? 0 : Math.min(factor + 1, MAX_FACTOR);
      return factor;
    },
  };
}

/** A sampling decision made with a lowered rate. */
interface PressedDecision {
  readonly outcome: "backpressure" | "kept" | "sample_rate";
  /** The lowered rate, which goes into the trace's dynamic sampling context. */
  readonly sampleRate: number;
}

/**
 * Decides by the lowered rate, `sampleRate / 2 ** factor`. A trace counts as lost to backpressure only if the full rate
 * would have kept it (https://develop.sentry.dev/sdk/telemetry/traces/backpressure/).
 */
export function underPressure(
  sampleRate: number,
  sampleRand: number,
  factor: number,
): PressedDecision {
  const pressed = sampleRate / 2 ** factor;
  if (sampleRand < pressed) return { outcome: "kept", sampleRate: pressed };
  const outcome = sampleRand < sampleRate ? "backpressure" : "sample_rate";
  return { outcome, sampleRate: pressed };
}

/**
 * Applies the pressure to a decision, whether it was made by a sampler, by the configured rate or by the sender. The
 * sender's rate stays in effect if it is known and lower.
 */
export function applyPressure(
  sampling: SamplingDecision,
  factor: number,
  senderRate: number | undefined,
): SegmentSampling {
  const { sampled, sampleRate: rate, sampleRand } = sampling;
  if (factor === 0 || (rate === undefined && !sampled))
    return { sampling, lostTo: sampled ? undefined : "sample_rate" };
  const { outcome, sampleRate } = underPressure(rate ?? 1, sampleRand, factor);
  if (outcome !== "kept")
    return { sampling: { sampled: false, sampleRate, sampleRand }, lostTo: outcome };
  const isSenders = rate === undefined && senderRate !== undefined && senderRate <= sampleRate;
  return {
    sampling: isSenders ? sampling : { sampled, sampleRate, sampleRand },
    lostTo: undefined,
  };
}
