import { finding } from "./finding.js";
import type { Finding } from "./finding.js";
import { haveOneTracer, nameKey, nameOf, spanEvidence, tracerOf } from "./span-facts.js";
import type { SpanFacts } from "./span-facts.js";
import { ACTIVE_SPAN, Suspect, Suspects } from "./suspects.js";

const STEP_MILLIS = 5;
const MIN_LENGTH = 3;

function isStep({ startedAt, span }: SpanFacts, above: SpanFacts): boolean {
  return startedAt - above.startedAt < STEP_MILLIS && haveOneTracer(span, above.span);
}

// Most first children have no child. The step to a first child is added once it has one.
function climb(facts: SpanFacts, above: SpanFacts): void {
  if (above.isFirst && above.stairs === undefined && above.above !== undefined)
    if (isStep(above, above.above)) climb(above, above.above);
  const stairs = (above.stairs ??= {
    first: above,
    length: 1,
    outlived: 0,
    hasOneName: true,
    isReported: false,
  });
  stairs.length += 1;
  if (facts.span.name !== above.span.name) stairs.hasOneName = false;
  facts.stairs = stairs;
}

/** Rule D14: spans that ran in parallel are nested. */
export class Staircases {
  readonly #found = new Suspects(() => new Suspect());

  started(facts: SpanFacts, above: SpanFacts): void {
    const isNext = !above.hasChild && !above.hasEnded && isStep(facts, above);
    above.hasChild = true;
    if (isNext) climb(facts, above);
  }

  /** Call it when a span has ended; `above` is its parent. Recursive calls end before their parent, so they are no staircase. */
  ended(facts: SpanFacts, above: SpanFacts): void {
    const { stairs } = facts;
    if (stairs === undefined || stairs !== above.stairs || !above.hasEnded) return;
    stairs.outlived += 1;
    if (stairs.isReported || stairs.length < MIN_LENGTH) return;
    if (stairs.outlived < (stairs.hasOneName ? 1 : 2)) return;
    stairs.isReported = true;
    const suspect = this.#found.of(`${tracerOf(facts.span)}|${nameKey(facts.entry.span)}`);
    suspect.name ||= nameOf(facts.entry.span);
    suspect.add((site) => [spanEvidence(stairs.first), spanEvidence(facts, site)]);
  }

  findings(): Finding[] {
    return this.#found.all().map(({ name, count, evidence }) =>
      finding({
        rule: "D14",
        name: "staircase",
        summary: `Spans within "${name}" that ran in parallel are each nested in the one before.`,
        count,
        evidence,
        mechanism:
          "Each branch makes its span active for all that follows, by enterWith or by a span that is kept in a variable.",
        ...ACTIVE_SPAN,
      }),
    );
  }
}
