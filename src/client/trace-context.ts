import { dscForSegment, dscOf } from "../propagation/dsc.js";
import type { DynamicSamplingContext } from "../propagation/incoming-trace.js";
import { sampleRandOf } from "../sampling/sample-rand.js";
import type { ErrorTrace, TraceInput } from "./capture-input.js";
import type { ProcessMembers } from "./process-members.js";

/** Builds the sampling context that an envelope carries about its trace. */
export interface TraceContextSource {
  ofTransaction(trace: TraceInput, members: ProcessMembers): DynamicSamplingContext | undefined;
  ofError(trace: ErrorTrace | undefined, members: ProcessMembers): DynamicSamplingContext | undefined;
}

/** The sampling contexts of one client (protocol: dynamic sampling context). */
export function createTraceContext(client: {
  readonly publicKey: string;
  readonly orgId: string | undefined;
}): TraceContextSource {
  const identity = (members: ProcessMembers) => ({
    publicKey: client.publicKey,
    orgId: client.orgId,
    release: members.release,
    environment: members.environment,
  });
  return {
    ofTransaction(trace, members) {
      if (client.publicKey === "") return undefined;
      const { traceId, transaction, sampled, sampleRate, sampleRand } = trace;
      const own = { ...identity(members), traceId, transaction, sampled, sampleRate, sampleRand };
      return dscForSegment(trace.incoming, own);
    },
    ofError(trace, members) {
      if (trace === undefined || client.publicKey === "") return undefined;
      const sampleRand = sampleRandOf(trace.traceId, undefined);
      return dscOf({ ...identity(members), traceId: trace.traceId, sampled: undefined, sampleRand });
    },
  };
}
