import type { StartedSpan } from "../trace/span.js";
import { finding } from "./finding.js";
import type { Finding } from "./finding.js";
import { quantityOf } from "./report-text.js";
import { factsOfSpan, spanEvidence, tracerOf } from "./span-facts.js";
import type { SpanFacts, Unfinished } from "./span-facts.js";
import { ENDED_SPAN, LONG_MILLIS, MANY, SKIPPED_END } from "./suspects.js";

/** Requests and jobs that are remembered. Over the limit, further ones are not reported if a span below never ends. */
const MAX_UNFINISHED = 10_000;
const MAX_EXAMPLES = 2;

/** Rule D15, about spans below a request or job that has ended: they never end. */
export class UnfinishedSpans {
  readonly #unfinished = new Set<Unfinished>();

  /** Records the start of a span below a request or job. Does little, because most spans come here. */
  started({ below, hasEnded }: SpanFacts, span: StartedSpan): void {
    if (below === undefined) return;
    if (hasEnded) {
      if (below.unfinished !== undefined) below.unfinished.quantity += 1;
      return;
    }
    below.open += 1;
    below.last = span;
  }

  /** Records the end of a span below a request or job. */
  ended({ below, hasEnded }: SpanFacts, span: StartedSpan): void {
    if (below === undefined) return;
    if (hasEnded) {
      this.#outlasted(span, below.unfinished);
      return;
    }
    below.open -= 1;
    if (below.last === span) below.last = undefined;
  }

  /** Records the end of a request or job. */
  entryEnded(entry: SpanFacts): void {
    const { below } = entry;
    if (below === undefined || below.open === 0) return;
    const { last } = below;
    // An ended request must not keep a span that may never end.
    below.last = undefined;
    if (this.#unfinished.size >= MAX_UNFINISHED) return;
    below.unfinished = unfinishedOf(entry, below.open, last && factsOfSpan(last));
    this.#unfinished.add(below.unfinished);
  }

  /** `isAtEnd`: nothing is left that could end a span. */
  findings(isAtEnd: boolean): Finding[] {
    const groups = new Map<string, Unfinished[]>();
    const now = Date.now();
    for (const each of this.#unfinished) {
      if (!isAtEnd && now - each.since < LONG_MILLIS) continue;
      const known = groups.get(each.entry.name);
      if (known === undefined) groups.set(each.entry.name, [each]);
      else known.push(each);
    }
    return [...groups.values()]
      .filter((group) => isAtEnd || quantityIn(group) >= MANY)
      .flatMap(unfinishedFindings);
  }

  #outlasted(span: StartedSpan, unfinished: Unfinished | undefined): void {
    if (unfinished === undefined) return;
    unfinished.quantity -= 1;
    if (unfinished.last?.evidence.id === span.spanContext().spanId) unfinished.last = undefined;
    if (unfinished.quantity <= 0) this.#unfinished.delete(unfinished);
  }
}

function unfinishedOf(entry: SpanFacts, quantity: number, last: SpanFacts | undefined): Unfinished {
  return {
    quantity,
    entry: spanEvidence(entry),
    since: entry.endedAt,
    last:
      last?.hasEnded === false
        ? { tracer: tracerOf(last.span), evidence: spanEvidence(last) }
        : undefined,
  };
}

function quantityIn(group: readonly Unfinished[]): number {
  return group.reduce((sum, { quantity }) => sum + quantity, 0);
}

function unfinishedFindings(group: readonly Unfinished[]): Finding[] {
  const [first] = group;
  if (first === undefined) return [];
  const quantity = quantityIn(group);
  const { entry } = first;
  const last = group.findLast((each) => each.last !== undefined)?.last;
  const what = last === undefined ? "" : `"${last.evidence.name}" (tracer ${last.tracer})`;
  const named = quantity === 1 ? `: ${what}` : `, the last of them ${what}`;
  return [
    finding({
      rule: "D15",
      name: "open-spans",
      severity: "warning",
      summary: `"${entry.name}" has ended, but ${quantityOf(quantity, "span")} below it never did${what && named}.`,
      count: quantity,
      evidence: group
        .slice(0, MAX_EXAMPLES)
        .flatMap((each) => [...(each.last === undefined ? [] : [each.last.evidence]), each.entry]),
      mechanism: `Such a span is missing from its transaction. ${SKIPPED_END}.`,
      fix: "End each span in a finally block:",
      code: ENDED_SPAN,
    }),
  ];
}
