import type { Settings } from "../options/options.js";
import {
  createDscWriter,
  dscForSegment,
  dscJson,
  dscOf,
  isUsable,
  namedAs,
  senderDsc,
} from "../trace/dsc.js";
import type { OwnTrace } from "../trace/dsc.js";
import type { DynamicSamplingContext } from "../trace/incoming-trace.js";
import { sampleRandOf } from "../trace/sample-rand.js";
import type { ErrorTrace, TraceInput } from "./capture-input.js";
import type { ProcessMembers } from "./process-members.js";

/** Builds the sampling context that envelopes and headers carry about a trace. */
export interface TraceContextSource {
  /** Of a segment: the same from the first time on that it is asked for. */
  ofSegment(trace: TraceInput, members: ProcessMembers): DynamicSamplingContext | undefined;
  /** Of a segment, as JSON for the envelope of its transaction: it names what the transaction is called. */
  jsonOfTransaction(trace: TraceInput, members: ProcessMembers): string | undefined;
  /** Of a trace that starts here and that no processor has seen. */
  ofTrace(identity: TraceIdentity, members: ProcessMembers): DynamicSamplingContext | undefined;
  ofError(
    trace: ErrorTrace | undefined,
    members: ProcessMembers,
  ): DynamicSamplingContext | undefined;
}

/** A trace of which only this is known. */
export interface TraceIdentity {
  readonly traceId: string;
  /** Whether OTel's sampler has kept its root. */
  readonly isRecorded: boolean;
}

const NO_CONTEXT: TraceContextSource = {
  ofSegment: () => undefined,
  jsonOfTransaction: () => undefined,
  ofTrace: () => undefined,
  ofError: () => undefined,
};

/** The sampling contexts of one client (protocol: dynamic sampling context). Without a DSN, none. */
export function createTraceContext(client: {
  readonly settings: Settings;
  readonly publicKey: string;
  readonly orgId: string | undefined;
}): TraceContextSource {
  const { publicKey, orgId, settings } = client;
  if (publicKey === "") return NO_CONTEXT;

  const own = (traceId: string, { release, environment }: ProcessMembers): OwnTrace => {
    const sampleRand = sampleRandOf(traceId, undefined);
    return { traceId, publicKey, orgId, release, environment, sampled: undefined, sampleRand };
  };

  // Member by member: to spread the objects takes longer than all the rest.
  const ofRoot = (trace: TraceInput, members: ProcessMembers): OwnTrace => {
    const { release, environment } = members;
    const { traceId, transaction, sampled, sampleRate, sampleRand } = trace;
    return {
      traceId,
      publicKey,
      orgId,
      release,
      environment,
      transaction,
      sampled,
      sampleRate,
      sampleRand,
    };
  };

  const ofSegment = (trace: TraceInput, members: ProcessMembers): DynamicSamplingContext => {
    const { slot } = trace;
    slot.frozen ??= dscForSegment(trace.incoming, ofRoot(trace, members));
    return slot.frozen;
  };

  const write = createDscWriter();

  return {
    ofSegment,
    jsonOfTransaction(trace, members) {
      const isOwn = senderDsc(trace.incoming, trace.traceId) === undefined;
      // Nothing has told others of it so far: whoever asks later gets the same members.
      if (isOwn && trace.slot.frozen === undefined) return write(ofRoot(trace, members));
      const dsc = namedAs(ofSegment(trace, members), trace);
      return isUsable(dsc) ? dscJson(dsc) : undefined;
    },
    ofTrace({ traceId, isRecorded }, members) {
      const trace = own(traceId, members);
      if (!isRecorded) return dscOf({ ...trace, sampled: false });
      // What a sampler will say of the root is not known here: the decision stays open.
      if (settings.tracesSampler !== undefined) return dscOf(trace);
      const sampleRate = settings.tracesSampleRate;
      return dscOf({ ...trace, sampleRate, sampled: trace.sampleRand < sampleRate });
    },
    ofError(trace, members) {
      if (trace === undefined) return undefined;
      const { traceId, incoming } = trace;
      const sampleRand = sampleRandOf(traceId, incoming);
      return dscForSegment(incoming, { ...own(traceId, members), sampleRand });
    },
  };
}
