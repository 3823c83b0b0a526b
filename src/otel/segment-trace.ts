import type { TraceInput } from "../client/capture-input.js";
import type { TransactionSpan } from "../protocol/transaction-event.js";
import type { Unit } from "../scope/unit.js";
import { inferSpan } from "../semantics/infer-span.js";
import type { SpanView } from "../semantics/span-view.js";
import { transactionName } from "../tracing/encoded-head.js";
import { validTraceId } from "../tracing/ids.js";
import type { Segment } from "../tracing/segment.js";

/**
 * What a segment's sampling context is made of, also while its root is open. The name is only worked
 * out when it is asked for: until the context is frozen.
 */
export function segmentTrace(segment: Segment): TraceInput {
  const { incoming, sampling, fate, slot, traceId, resource } = segment.origin;
  return {
    traceId: validTraceId(traceId),
    incoming,
    sampled: fate === "sent",
    sampleRate: sampling.sampleRate,
    sampleRand: sampling.sampleRand,
    slot,
    resource,
    get transaction() {
      return nameOf(segment);
    },
    waitingCalls: (unit) => waitingCalls(segment, unit),
  };
}

function nameOf({ head, root }: Segment): string | undefined {
  if (head !== undefined) return head.source === "url" ? undefined : head.name;
  if (!isSpanView(root)) return undefined;
  const { source, description } = inferSpan(root);
  return source === "url" ? undefined : transactionName(description);
}

// Parsed back from what is sent: to keep more of each span, for errors that do not come, costs as much
// as half of its encoding.
function waitingCalls(segment: Segment, unit: Unit): TransactionSpan[] {
  const { origin, otherUnits } = segment;
  const spans = JSON.parse(`[${segment.waitingSpans}]`) as TransactionSpan[];
  return spans.filter(({ span_id, timestamp, data }) => {
    if (data?.["otel.kind"] !== "CLIENT") return false;
    return unit.comesAfter(otherUnits?.get(span_id) ?? origin.unit, timestamp * 1000);
  });
}

function isSpanView(root: object | undefined): root is SpanView {
  return root !== undefined && "name" in root && "kind" in root && "attributes" in root;
}
