import { dscForSegment, dscOf } from "../propagation/dsc.js";
import type { DynamicSamplingContext } from "../propagation/incoming-trace.js";
import { sampleRandOf } from "../sampling/sample-rand.js";
import type { ErrorTrace, TraceInput } from "./capture-input.js";
import type { ProcessMembers } from "./process-members.js";

/** Builds the sampling context that an envelope carries about its trace. */
export interface TraceContextSource {
  ofTransaction(trace: TraceInput, members: ProcessMembers): DynamicSamplingContext | undefined;
  ofError(
    trace: ErrorTrace | undefined,
    members: ProcessMembers,
  ): DynamicSamplingContext | undefined;
}

/** The sampling contexts of one client (protocol: dynamic sampling context). */
export function createTraceContext(client: {
  readonly publicKey: string;
  readonly orgId: string | undefined;
}): TraceContextSource {
  const { publicKey, orgId } = client;
  if (publicKey === "") return { ofTransaction: () => undefined, ofError: () => undefined };
  return {
    ofTransaction(trace, { release, environment }) {
      const { traceId, transaction, sampled, sampleRate, sampleRand } = trace;
      return dscForSegment(trace.incoming, {
        traceId,
        publicKey,
        orgId,
        release,
        environment,
        transaction,
        sampled,
        sampleRate,
        sampleRand,
      });
    },
    ofError(trace, { release, environment }) {
      if (trace === undefined) return undefined;
      const { traceId } = trace;
      const sampleRand = sampleRandOf(traceId, undefined);
      return dscOf({
        traceId,
        publicKey,
        orgId,
        release,
        environment,
        sampled: undefined,
        sampleRand,
      });
    },
  };
}
