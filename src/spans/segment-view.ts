import type { SegmentView } from "../client/capture-input.js";
import { attempt } from "../support/foreign.js";
import { inferSpan } from "../semantics/infer-span.js";
import type { Inference } from "../semantics/inference.js";
import { requestClue } from "../semantics/request-clue.js";
import type { RequestClue } from "../semantics/request-clue.js";
import { hasFinalRoute, namedRequest, requestName, withRoute } from "../semantics/request-name.js";
import type { SpanDescription } from "../trace/span.js";
import { renamedHead, shownHeadName, transactionName } from "./encoded-head.js";
import { validTraceId } from "../trace/span.js";
import type { Segment } from "./segment.js";
import { waitingCalls } from "./waiting-calls.js";
import { openSpans } from "../context/failure-path.js";
import type { PathNode } from "../context/failure-path.js";

/**
 * Returns the view of a segment that its sampling context and its errors are built from, even while its root is open. The
 * name is computed on access, because it is only needed until the context is frozen.
 */
export function segmentView(segment: Segment, path?: PathNode): SegmentView {
  const { incoming, sampling, fate, slot, traceId, resource } = segment.origin;
  return {
    traceId: validTraceId(traceId),
    incoming,
    // A service without a DSN is a part of traces like any other.
    sampled: fate === "sent" || (fate === "disabled" && sampling.sampled),
    sampleRate: sampling.sampleRate,
    sampleRand: sampling.sampleRand,
    slot,
    resource,
    get transaction() {
      return nameOf(segment);
    },
    nameNow: (route) => nameNow(segment, path, route),
    waitingCalls: (search) => waitingCalls(segment, search),
  };
}

// While the root is open, returns its name only if inner spans can no longer change it.
function nameOf(segment: Segment): string | undefined {
  const { head, root, clues = [] } = segment;
  if (head !== undefined) return shownHeadName(renamedHead(head, clues));
  if (!isDescribed(root)) return segment.sentName;
  const request = namedRequest(root);
  if (request !== undefined && !hasFinalRoute(request)) return undefined;
  return nameOfSpan(inferSpan(root));
}

function nameNow(
  segment: Segment,
  path: PathNode | undefined,
  route: string | undefined,
): string | undefined {
  const { head, root } = segment;
  const clues = [...cluesOnPath(path), ...(segment.clues ?? [])];
  if (head !== undefined) return shownHeadName(renamedHead(head, clues));
  if (!isDescribed(root)) return segment.sentName;
  const own = inferSpan(root);
  const request = namedRequest(root);
  if (request === undefined) return nameOfSpan(own);
  const known = withRoute(request, route) ?? { request, name: own };
  return nameOfSpan(requestName(known.request, clues, known.name) ?? known.name);
}

function cluesOnPath(path: PathNode | undefined): RequestClue[] {
  const spans = path === undefined ? [] : openSpans(path);
  return spans
    .map((span) => (isDescribed(span) ? attempt(() => requestClue(span), undefined) : undefined))
    .filter((clue) => clue !== undefined);
}

function nameOfSpan({
  description,
  source,
}: Pick<Inference, "description" | "source">): string | undefined {
  return source === "url" ? undefined : transactionName(description);
}

function isDescribed(root: object | undefined): root is SpanDescription {
  return root !== undefined && "name" in root && "kind" in root && "attributes" in root;
}
