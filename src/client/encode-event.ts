import type { Diagnostics } from "../support/diagnostics.js";
import { normalize } from "../support/normalize.js";
import type { NormalizeLimits } from "../support/normalize.js";
import { conformEvent } from "./conform-event.js";
import { reportBrokenRules } from "./value-faults.js";

// Twice as much as Sentry takes of an event, for which `fitEvent` cuts the rest by what it is worth.
const MAX_LENGTH = 2_097_152;

const LIMITS: Partial<NormalizeLimits> = {
  depth: 20,
  breadth: 10_000,
  stringLength: 262_144,
  keyLength: 1024,
  totalLength: MAX_LENGTH,
  omitUndefined: true,
};

// A transaction of 1000 spans has as many values.
const MAX_NODES = { event: 20_000, transaction: 100_000 };

/**
 * JSON of an event that application code may have changed, valid by Relay's rules; what had to be
 * repaired is reported. What JSON cannot hold, or is too large, becomes a text such as `[Circular ~]`. Throws what the
 * event's own getters throw.
 */
export function encodeConformed(
  event: object,
  diagnostics: Diagnostics,
  kind: "event" | "transaction" = "event",
): string {
  // A copy first: the rules read each member several times.
  const copy = normalize(event, { ...LIMITS, nodes: MAX_NODES[kind] });
  const { event: valid, broken } = conformEvent(Object(copy));
  reportBrokenRules(diagnostics, broken);
  return JSON.stringify(valid);
}

/** JSON of an event of any values: strings and keys are well-formed, since Relay refuses an event with a lone surrogate. */
export function encodeEvent(event: object): string {
  return JSON.stringify(normalize(event, LIMITS));
}
