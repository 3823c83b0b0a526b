import { finding } from "./finding.js";
import type { Finding } from "./finding.js";
import { quantityOf } from "./report-text.js";
import { nameKey, nameOf, spanEvidence, tracerOf } from "./span-facts.js";
import type { SpanFacts, Unfinished } from "./span-facts.js";
import { ENDED_SPAN, LONG_MILLIS, MANY } from "./suspects.js";

/** Spans that are remembered. Over the limit, further ones are not reported if they never end. */
const MAX_UNFINISHED = 10_000;
const MAX_EXAMPLES = 2;

/** Rule D15, about spans below a request or job that has ended: they never end. */
export class UnfinishedSpans {
  readonly #unfinished = new Set<Unfinished>();

  /** Call it when a span below a request or job has started. */
  started(facts: SpanFacts): void {
    const { entry } = facts;
    if (entry.hasEnded) return;
    facts.previous = entry;
    facts.next = entry.next;
    if (entry.next !== undefined) entry.next.previous = facts;
    entry.next = facts;
  }

  /** Call it when a span below a request or job has ended. */
  ended(facts: SpanFacts): void {
    const { next, previous, outlasting } = facts;
    if (outlasting !== undefined) this.#unfinished.delete(outlasting);
    if (previous === undefined) return;
    previous.next = next;
    if (next !== undefined) next.previous = previous;
    facts.previous = undefined;
    facts.next = undefined;
  }

  /** Call it when a request or job has ended. */
  entryEnded(entry: SpanFacts): void {
    let facts = entry.next;
    entry.next = undefined;
    while (facts !== undefined) {
      const { next } = facts;
      facts.previous = undefined;
      facts.next = undefined;
      if (this.#unfinished.size < MAX_UNFINISHED) {
        facts.outlasting = unfinishedOf(facts, entry);
        this.#unfinished.add(facts.outlasting);
      }
      facts = next;
    }
  }

  /** `isAtEnd`: nothing is left that could end a span. */
  findings(isAtEnd: boolean): Finding[] {
    const groups = new Map<string, Unfinished[]>();
    const now = Date.now();
    for (const each of this.#unfinished) {
      if (!isAtEnd && now - each.since < LONG_MILLIS) continue;
      groups.set(each.key, [...(groups.get(each.key) ?? []), each]);
    }
    return [...groups.values()]
      .filter(({ length }) => isAtEnd || length >= MANY)
      .flatMap(unfinishedFindings);
  }
}

function unfinishedOf(facts: SpanFacts, entry: SpanFacts): Unfinished {
  const { span } = facts;
  const tracer = tracerOf(span);
  return {
    key: `${tracer}|${nameKey(span)}|${nameKey(entry.span)}`,
    name: nameOf(span),
    tracer,
    entry: nameOf(entry.span),
    since: entry.endedAt,
    evidence: [spanEvidence(facts), spanEvidence(entry)],
  };
}

function unfinishedFindings(group: readonly Unfinished[]): Finding[] {
  const [first] = group;
  if (first === undefined) return [];
  return [
    finding({
      rule: "D15",
      name: "open-spans",
      severity: "warning",
      summary: `${quantityOf(group.length, "span")} "${first.name}" of ${first.tracer} did not end, although "${first.entry}" above has.`,
      count: group.length,
      evidence: group.slice(0, MAX_EXAMPLES).flatMap(({ evidence }) => evidence),
      mechanism:
        "Such a span is missing from its transaction. Usually an error or an early return skipped span.end().",
      fix: "End each span in a finally block:",
      code: ENDED_SPAN,
    }),
  ];
}
