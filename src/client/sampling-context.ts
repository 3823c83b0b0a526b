import type { Settings } from "../options/options.js";
import {
  createDscWriter,
  dscForSegment,
  dscJson,
  dscOf,
  isValidDsc,
  withTransactionName,
  senderDsc,
} from "../trace/dsc.js";
import type { DscFields } from "../trace/dsc.js";
import type { DynamicSamplingContext } from "../trace/headers.js";
import { sampleRandOf } from "../trace/sample-rand.js";
import type { TraceContext, SegmentView } from "./capture-input.js";
import type { ProcessData } from "./process-data.js";

/** Builds the dynamic sampling contexts of envelope headers and outgoing requests. */
export interface SamplingContexts {
  /** Returns a segment's context; it is frozen at the first call. */
  ofSegment(trace: SegmentView, processData: ProcessData): DynamicSamplingContext | undefined;
  /** Returns a segment's context as JSON for the envelope of its transaction, with the transaction's final name. */
  jsonOfTransaction(trace: SegmentView, processData: ProcessData): string | undefined;
  /** Returns the context of a trace without a segment. `isRecorded`: OTel's sampler decided to record its root. */
  ofTrace(
    trace: { readonly traceId: string; readonly isRecorded: boolean },
    processData: ProcessData,
  ): DynamicSamplingContext | undefined;
  /** Returns the context of an event that belongs to no segment of this client. */
  ofError(
    trace: TraceContext | undefined,
    processData: ProcessData,
  ): DynamicSamplingContext | undefined;
}

const NO_CONTEXT: SamplingContexts = {
  ofSegment: () => undefined,
  jsonOfTransaction: () => undefined,
  ofTrace: () => undefined,
  ofError: () => undefined,
};

/** Creates the sampling contexts of one client (protocol: dynamic sampling context). Without a DSN there are none. */
export function createSamplingContexts(client: {
  readonly settings: Settings;
  readonly publicKey: string;
  readonly orgId: string | undefined;
}): SamplingContexts {
  const { publicKey, orgId, settings } = client;
  if (publicKey === "") return NO_CONTEXT;

  const own = (traceId: string, { release, environment }: ProcessData): DscFields => {
    const sampleRand = sampleRandOf(traceId, undefined);
    return { traceId, publicKey, orgId, release, environment, sampled: undefined, sampleRand };
  };

  // Listed property by property, because object spreads take longer than everything else here.
  const ofRoot = (trace: SegmentView, processData: ProcessData): DscFields => {
    const { release, environment } = processData;
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

  const ofSegment = (trace: SegmentView, processData: ProcessData): DynamicSamplingContext => {
    const { slot } = trace;
    slot.frozen ??= dscForSegment(trace.incoming, ofRoot(trace, processData));
    return slot.frozen;
  };

  const write = createDscWriter();

  return {
    ofSegment,
    jsonOfTransaction(trace, processData) {
      const isOwn = senderDsc(trace.incoming, trace.traceId) === undefined;
      // Not propagated yet, so it need not be frozen: a later call yields the same values.
      if (isOwn && trace.slot.frozen === undefined) return write(ofRoot(trace, processData));
      const dsc = withTransactionName(ofSegment(trace, processData), trace);
      return isValidDsc(dsc) ? dscJson(dsc) : undefined;
    },
    ofTrace({ traceId, isRecorded }, processData) {
      const trace = own(traceId, processData);
      if (!isRecorded) return dscOf({ ...trace, sampled: false });
      // `tracesSampler` is called for a root span only, so the decision is left to the receiver.
      if (settings.tracesSampler !== undefined) return dscOf(trace);
      const sampleRate = settings.tracesSampleRate;
      return dscOf({ ...trace, sampleRate, sampled: trace.sampleRand < sampleRate });
    },
    ofError(trace, processData) {
      if (trace === undefined) return undefined;
      const { traceId, incoming } = trace;
      const sampleRand = sampleRandOf(traceId, incoming);
      return dscForSegment(incoming, { ...own(traceId, processData), sampleRand });
    },
  };
}
