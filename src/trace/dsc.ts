import { validEnvironment, validRelease } from "../protocol/relay-values.js";
import type { DynamicSamplingContext, IncomingTrace } from "./headers.js";

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

/**
 * The dynamic sampling context of a trace that starts here, frozen. Written member by member: it is
 * built for each transaction, and a list of entries that is filtered takes ten times as long.
 */
export function dscOf(own: OwnTrace): DynamicSamplingContext {
  // As headers have it, and events: some id generators write capitals.
  const traceId = own.traceId.toLowerCase();
  const dsc: Record<string, string> = { trace_id: traceId, public_key: own.publicKey };
  const decided = own.sampled !== undefined;
  if (decided && own.sampleRate !== undefined) dsc["sample_rate"] = String(own.sampleRate);
  dsc["sample_rand"] = String(own.sampleRand);
  if (decided) dsc["sampled"] = String(own.sampled);
  if (own.release) dsc["release"] = own.release;
  if (own.environment) dsc["environment"] = own.environment;
  if (decided && own.transaction) dsc["transaction"] = own.transaction;
  if (own.orgId) dsc["org_id"] = own.orgId;
  return Object.freeze(dsc);
}

/**
 * Writes what `dscOf` returns as JSON, without the object: a third of the time, once per transaction. Members that are
 * the same for all traces of a process are encoded once.
 */
export function createDscWriter(): (own: OwnTrace) => string {
  let release: string | undefined;
  let environment: string | undefined;
  let identity = "";
  const identityOf = (own: OwnTrace): string => {
    if (own.release === release && own.environment === environment) return identity;
    ({ release, environment } = own);
    identity = member("release", release) + member("environment", environment);
    return identity;
  };

  return (own) => {
    const isDecided = own.sampled !== undefined;
    const rate =
      isDecided && own.sampleRate !== undefined ? `,"sample_rate":"${own.sampleRate}"` : "";
    const decision = isDecided ? `,"sampled":"${own.sampled}"` : "";
    const name = isDecided ? member("transaction", own.transaction) : "";
    const traceId = own.traceId.toLowerCase();
    return `{"trace_id":"${traceId}","public_key":"${own.publicKey}"${rate},"sample_rand":"${own.sampleRand}"${decision}${identityOf(own)}${name}${member("org_id", own.orgId)}}`;
  };
}

function member(key: string, value: string | undefined): string {
  return value ? `,"${key}":${JSON.stringify(value)}` : "";
}

/** Release and environment of a process. */
export interface ProcessIdentity {
  readonly release: string | undefined;
  readonly environment: string;
}

/**
 * Holds the dynamic sampling context of a segment from its first use on, in a header or an envelope:
 * it does not change any more then.
 */
export interface DscSlot {
  frozen: DynamicSamplingContext | undefined;
  /** Release and environment that the segment's context and events name, from the first use on. */
  identity?: ProcessIdentity | undefined;
}

/** The dynamic sampling context of a segment. The sender's wins if it sent one, also one without members. */
export function dscForSegment(
  incoming: IncomingTrace | undefined,
  own: OwnTrace,
): DynamicSamplingContext {
  const sender = senderDsc(incoming, own.traceId);
  return sender === undefined ? dscOf(own) : continuedDsc(sender, own);
}

/** The dynamic sampling context that the sender of the trace gave it, if it did. */
export function senderDsc(
  incoming: IncomingTrace | undefined,
  traceId: string,
): DynamicSamplingContext | undefined {
  return incoming?.traceId === traceId ? incoming.dsc : undefined;
}

/**
 * A segment's dynamic sampling context for the envelope of its transaction. Headers may have carried it under an earlier
 * name; the envelope names the same transaction as its event. A sender's context keeps the sender's name.
 */
export function namedAs(
  dsc: DynamicSamplingContext,
  own: Pick<OwnTrace, "traceId" | "transaction"> & { readonly incoming: IncomingTrace | undefined },
): DynamicSamplingContext {
  const earlier = dsc["transaction"];
  if (earlier === undefined || earlier === own.transaction) return dsc;
  if (senderDsc(own.incoming, own.traceId) !== undefined) return dsc;
  const { transaction: _earlier, ...others } = dsc;
  return own.transaction === undefined ? others : { ...others, transaction: own.transaction };
}

/** Whether Relay can use it as an envelope's `trace` header. */
export function isUsable(dsc: DynamicSamplingContext): boolean {
  return Boolean(dsc["trace_id"]) && Boolean(dsc["public_key"]);
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
