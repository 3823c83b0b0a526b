import type { DynamicSamplingContext, IncomingTrace } from "./incoming-trace.js";

/** What this process knows of a trace that starts here. */
export interface OwnTrace {
  readonly traceId: string;
  /** Public key of the DSN. */
  readonly publicKey: string;
  readonly orgId?: string | undefined;
  readonly release?: string | undefined;
  readonly environment?: string | undefined;
  /** Name of the root, only if its source is not `url`: the receiver groups by it. */
  readonly transaction?: string | undefined;
  /** `undefined` when the decision is left to others. */
  readonly sampled: boolean | undefined;
  /** The rate that was applied here, if one was. */
  readonly sampleRate?: number | undefined;
  readonly sampleRand: number;
}

/** The dynamic sampling context of a trace that starts here, frozen. */
export function dscOf(own: OwnTrace): DynamicSamplingContext {
  const decided = own.sampled !== undefined;
  const members: [string, string | undefined][] = [
    ["trace_id", own.traceId],
    ["public_key", own.publicKey],
    ["sample_rate", decided ? numberText(own.sampleRate) : undefined],
    ["sample_rand", numberText(own.sampleRand)],
    ["sampled", own.sampled?.toString()],
    ["release", own.release],
    ["environment", own.environment],
    ["transaction", decided ? own.transaction : undefined],
    ["org_id", own.orgId],
  ];
  return Object.freeze(Object.fromEntries(members.filter(hasValue)));
}

/**
 * The dynamic sampling context of a segment. The sender's wins if it sent one; `undefined` (no
 * `trace` header) if it continues a trace without one, or if Relay could not use it.
 */
export function dscForSegment(
  incoming: IncomingTrace | undefined,
  own: OwnTrace,
): DynamicSamplingContext | undefined {
  if (incoming?.dsc === undefined || incoming.traceId !== own.traceId) return dscOf(own);
  const dsc = continuedDsc(incoming.dsc, own);
  return dsc["trace_id"] && dsc["public_key"] ? dsc : undefined;
}

/**
 * A sender's dynamic sampling context as it is passed on: frozen but for two members. `sample_rand`
 * is the one that decisions are taken by, in case the sender has none that is valid; `sample_rate`
 * is the local one, if one was applied. One without members stays so.
 */
export function continuedDsc(
  dsc: DynamicSamplingContext,
  local: Pick<OwnTrace, "sampleRand" | "sampleRate">,
): DynamicSamplingContext {
  const known = dsc["sample_rand"];
  const keepsRand = known !== undefined && Number(known) === local.sampleRand;
  if (Object.keys(dsc).length === 0 || (keepsRand && local.sampleRate === undefined)) return dsc;
  const rand = keepsRand ? {} : { sample_rand: String(local.sampleRand) };
  const rate = local.sampleRate === undefined ? {} : { sample_rate: String(local.sampleRate) };
  return Object.freeze({ ...dsc, ...rand, ...rate });
}

/** A dynamic sampling context as JSON: the `trace` header of an envelope. */
export function dscJson(dsc: DynamicSamplingContext): string {
  return JSON.stringify(dsc);
}

function numberText(value: number | undefined): string | undefined {
  return value?.toString();
}

function hasValue(member: [string, string | undefined]): member is [string, string] {
  return member[1] !== undefined && member[1] !== "";
}
