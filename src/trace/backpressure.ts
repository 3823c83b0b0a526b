import type { SamplingDecision } from "./sampling.js";

/** How hard the way to the server is pressed. */
export interface Pressure {
  /** How often the sample rate is halved: from 0, none, to 10. */
  factor(): number;
}

/** What the pressure is measured by. */
export interface BackpressureSettings {
  /** Whether what is captured now can be sent: no full queue, no limit by the server. Must not throw. */
  readonly isHealthy: () => boolean;
  /** Milliseconds by a clock that does not jump. */
  readonly now: () => number;
  /** Time from one look to the next; default 10,000. */
  readonly intervalMillis?: number | undefined;
}

const DEFAULT_INTERVAL_MILLIS = 10_000;
const MAX_FACTOR = 10;

/** Never any pressure. */
export const NO_PRESSURE: Pressure = { factor: () => 0 };

/**
 * Measures the pressure as it is asked for, without a timer: each look that finds trouble halves the
 * rate once more, the first that finds none restores it. A time in which nobody asked counts as one look.
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

/** What pressure makes of a sampling decision. */
export interface PressedDecision {
  readonly outcome: "backpressure" | "kept" | "sample_rate";
  /** The rate that holds: for the sampling context of the trace. */
  readonly sampleRate: number;
}

/**
 * Decides by the rate under pressure, `sampleRate / 2 ** factor`. Only what the rate without pressure
 * would have kept is lost to it (https://develop.sentry.dev/sdk/telemetry/traces/backpressure/).
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

/** A sampling decision under pressure, and why nothing is sent, if so. */
export interface PressedSampling {
  readonly sampling: SamplingDecision;
  readonly lostTo: "backpressure" | "sample_rate" | undefined;
}

/**
 * Applies the pressure to a decision that was taken: by a sampler, by the rate or by the sender, whose
 * rate, if it is known, counts where it is lower.
 */
export function pressDecision(
  sampling: SamplingDecision,
  factor: number,
  senderRate: number | undefined,
): PressedSampling {
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
