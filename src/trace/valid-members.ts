import { validEnvironment, validRelease } from "../protocol/relay-values.js";
import type { DynamicSamplingContext } from "./incoming-trace.js";

const UUID = /^[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}$/i;

// One member of a wrong form makes Relay ignore the whole sampling context, of which others are read.
const ACCEPTS: Readonly<Record<string, (value: string) => boolean>> = {
  trace_id: (value) => UUID.test(value),
  replay_id: (value) => UUID.test(value),
  sample_rate: (value) => isNumber(value) && Number(value) >= 0,
  sample_rand: isNumber,
  sampled: (value) => value === "true" || value === "false",
  release: (value) => validRelease(value) === value.trim(),
  environment: (value) => validEnvironment(value) === value.trim(),
};

/**
 * A sender's sampling context without the members that Relay would not take, all texts well-formed: it
 * becomes the header of envelopes, and a lone surrogate there makes Relay refuse the envelope.
 */
export function validMembers(
  members: DynamicSamplingContext | undefined,
): DynamicSamplingContext | undefined {
  if (members === undefined) return undefined;
  const valid = Object.entries(members)
    .map(([key, value]) => [key.toWellFormed(), value.toWellFormed()] as const)
    .filter(([key, value]) => !Object.hasOwn(ACCEPTS, key) || ACCEPTS[key]?.(value) === true);
  return Object.freeze(Object.fromEntries(valid));
}

function isNumber(value: string): boolean {
  return value.trim() !== "" && Number.isFinite(Number(value));
}
