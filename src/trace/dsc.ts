import { validEnvironment, validRelease } from "../protocol/relay-values.js";
import type { DynamicSamplingContext, IncomingTrace } from "./headers.js";

/** The data from which the dynamic sampling context of a trace that starts in this process is made. */
export interface DscFields {
  readonly traceId: string;
  /** Public key of the DSN. */
  readonly publicKey: string;
  readonly orgId?: string | undefined;
  readonly release?: string | undefined;
  readonly environment?: string | undefined;
  /** Name of the root. Not set if its source is `url`: such names have too high a cardinality to sample by. */
  readonly transaction?: string | undefined;
  /** `undefined` if the decision is deferred to downstream services. */
  readonly sampled: boolean | undefined;
  /** The rate that was applied in this process, if any. */
  readonly sampleRate?: number | undefined;
  readonly sampleRand: number;
}

/**
 * Creates the dynamic sampling context of a trace that starts in this process, frozen. It is built for each transaction,
 * so fields are assigned one by one: filtering a list of entries takes ten times as long.
 */
export function dscOf(own: DscFields): DynamicSamplingContext {
  // Headers and events have ids in lower case, but some id generators write upper case.
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
 * Returns a function that writes the JSON of `dscOf` without creating the object, in a third of the time; it runs for
 * each transaction. Release and environment are encoded once, because they rarely change within a process.
 */
export function createDscWriter(): (own: DscFields) => string {
  let release: string | undefined;
  let environment: string | undefined;
  let identity = "";
  const identityOf = (own: DscFields): string => {
    if (own.release === release && own.environment === environment) return identity;
    ({ release, environment } = own);
    identity = field("release", release) + field("environment", environment);
    return identity;
  };

  return (own) => {
    const isDecided = own.sampled !== undefined;
    const rate =
      isDecided && own.sampleRate !== undefined ? `,"sample_rate":"${own.sampleRate}"` : "";
    const decision = isDecided ? `,"sampled":"${own.sampled}"` : "";
    const name = isDecided ? field("transaction", own.transaction) : "";
    const traceId = own.traceId.toLowerCase();
    return `{"trace_id":"${traceId}","public_key":"${own.publicKey}"${rate},"sample_rand":"${own.sampleRand}"${decision}${identityOf(own)}${name}${field("org_id", own.orgId)}}`;
  };
}

function field(key: string, value: string | undefined): string {
  return value ? `,"${key}":${JSON.stringify(value)}` : "";
}

/** The release and environment that this process reports. */
export interface ProcessIdentity {
  readonly release: string | undefined;
  readonly environment: string;
}

/**
 * Holds the dynamic sampling context of a segment. The context is fixed at its first use in a header or an envelope.
 */
export interface DscSlot {
  frozen: DynamicSamplingContext | undefined;
  /** Release and environment in the segment's context and events, fixed at the same time. */
  identity?: ProcessIdentity | undefined;
}

/** Returns the dynamic sampling context of a segment: the sender's if it sent one (even an empty one), else a new one. */
export function dscForSegment(
  incoming: IncomingTrace | undefined,
  own: DscFields,
): DynamicSamplingContext {
  const sender = senderDsc(incoming, own.traceId);
  return sender === undefined ? dscOf(own) : continuedDsc(sender, own);
}

/** Returns the dynamic sampling context that the sender of the trace sent; `undefined` if it sent none. */
export function senderDsc(
  incoming: IncomingTrace | undefined,
  traceId: string,
): DynamicSamplingContext | undefined {
  return incoming?.traceId === traceId ? incoming.dsc : undefined;
}

/**
 * Returns a segment's dynamic sampling context for the envelope of its transaction. Its transaction name is replaced by
 * the event's, which may have changed since the context was sent in headers. The context of a sender keeps its name.
 */
export function withTransactionName(
  dsc: DynamicSamplingContext,
  own: Pick<DscFields, "traceId" | "transaction"> & {
    readonly incoming: IncomingTrace | undefined;
  },
): DynamicSamplingContext {
  const earlier = dsc["transaction"];
  if (earlier === undefined || earlier === own.transaction) return dsc;
  if (senderDsc(own.incoming, own.traceId) !== undefined) return dsc;
  const { transaction: _earlier, ...others } = dsc;
  return own.transaction === undefined ? others : { ...others, transaction: own.transaction };
}

/** Tells whether Relay accepts the context as an envelope's `trace` header. */
export function isValidDsc(dsc: DynamicSamplingContext): boolean {
  return Boolean(dsc["trace_id"]) && Boolean(dsc["public_key"]);
}

/**
 * Returns a sender's dynamic sampling context as it is propagated. All fields stay unchanged except two: `sample_rand`
 * is replaced if the sender's is invalid, and `sample_rate` by the local rate if one was applied. An empty context
 * stays empty.
 */
export function continuedDsc(
  dsc: DynamicSamplingContext,
  local: Pick<DscFields, "sampleRand" | "sampleRate">,
): DynamicSamplingContext {
  const known = dsc["sample_rand"];
  const keepsRand = known !== undefined && Number(known) === local.sampleRand;
  if (Object.keys(dsc).length === 0 || (keepsRand && local.sampleRate === undefined)) return dsc;
  const rand = keepsRand ? {} : { sample_rand: String(local.sampleRand) };
  const rate = local.sampleRate === undefined ? {} : { sample_rate: String(local.sampleRate) };
  return Object.freeze({ ...dsc, ...rand, ...rate });
}

/** Encodes a dynamic sampling context as JSON, for the `trace` header of an envelope. */
export function dscJson(dsc: DynamicSamplingContext): string {
  return JSON.stringify(dsc);
}

const UUID = /^[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}$/i;

// One malformed field makes Relay ignore the whole context.
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
 * Returns a sender's context without the fields that Relay does not accept. Lone surrogates are replaced: the context
 * becomes the header of envelopes, and Relay rejects an envelope with a lone surrogate there.
 */
export function validFields(
  fields: DynamicSamplingContext | undefined,
): DynamicSamplingContext | undefined {
  if (fields === undefined) return undefined;
  const valid = Object.entries(fields)
    .map(([key, value]) => [key.toWellFormed(), value.toWellFormed()] as const)
    .filter(([key, value]) => !Object.hasOwn(ACCEPTS, key) || ACCEPTS[key]?.(value) === true);
  return Object.freeze(Object.fromEntries(valid));
}

function isNumber(value: string): boolean {
  return value.trim() !== "" && Number.isFinite(Number(value));
}
