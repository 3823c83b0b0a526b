import type { StartedSpan } from "../trace/span.js";
import { finding } from "./finding.js";
import type { Finding } from "./finding.js";
import { quantityOf, seconds } from "./report-text.js";
import { Routes } from "./routes.js";
import { isEntry, isLayer, nameKey, nameOf, spanEvidence } from "./span-facts.js";
import type { SpanFacts } from "./span-facts.js";
import {
  ENDED_SPAN,
  LONG_MILLIS,
  MANY,
  SKIPPED_END,
  Suspect,
  Suspects,
  UNIT_EACH,
} from "./suspects.js";
import { UnfinishedSpans } from "./unfinished-spans.js";

/** Roots that are watched for their end. Over the limit, further ones are not reported if they never end. */
const MAX_OPEN = 10_000;

class Shared extends Suspect {
  hasData = false;
}

class Unended extends Suspect {
  isRequest = false;
  oldestMillis = 0;
}

/** Watched requests and jobs that are open. No `Set`, whose table V8 reorganizes again and again: 0.15 µs more per request. */
class OpenEntries {
  readonly all: SpanFacts[] = [];

  add(facts: SpanFacts): void {
    if (facts.below === undefined || this.all.length >= MAX_OPEN) return;
    facts.below.place = this.all.length;
    this.all.push(facts);
  }

  delete({ below }: SpanFacts): void {
    if (below === undefined || below.place < 0) return;
    const last = this.all.pop();
    if (last?.below === undefined || last.below === below) return;
    last.below.place = below.place;
    this.all[below.place] = last;
  }
}

/** Rules about units of work: D11 (requests share one) and D15 (spans that never end). */
export class UnitRules {
  readonly #open = new OpenEntries();
  readonly #shared = new Suspects(() => new Shared());
  readonly #unfinished = new UnfinishedSpans();
  readonly routes = new Routes();
  #requests = 0;

  /** Number of open requests and jobs. */
  get requests(): number {
    return this.#requests;
  }

  started(facts: SpanFacts): void {
    const { span, unit, above } = facts;
    const isRequest = isEntry(span);
    if (above !== undefined && !isRequest) {
      this.childStarted(facts.entry, span);
      return;
    }
    if (above !== undefined) this.#fed(above.entry);
    this.#open.add(facts);
    if (!isRequest) return;
    this.#requests += 1;
    unit.entries += 1;
    if (unit.entries < 2 || isWithinEntry(facts)) return;
    const shared = this.#shared.of(nameKey(span));
    shared.name ||= nameOf(span);
    if (unit.writers !== undefined) shared.hasData = true;
    shared.add((site) => [spanEvidence(facts, site)]);
  }

  /** Records the start of a span below `entry`, that of a request or job. */
  childStarted(entry: SpanFacts, span: StartedSpan): void {
    const { below } = entry;
    if (below === undefined) return;
    if (below.children > 0) below.children += 1;
    else if (!isLayer(span)) {
      this.#fed(entry);
      below.children = 1;
    }
    this.#unfinished.started(entry, span);
  }

  #fed(entry: SpanFacts): void {
    const { below, hasEnded } = entry;
    if (below?.isIdle !== true) return;
    below.isIdle = false;
    if (hasEnded) this.routes.fedLate(entry);
  }

  /** Records the end of a span below `entry`, that of a request or job. */
  childEnded(entry: SpanFacts, span: StartedSpan): void {
    this.#unfinished.ended(entry, span);
  }

  ended(facts: SpanFacts): void {
    if (facts.entry !== facts) {
      this.childEnded(facts.entry, facts.span);
      return;
    }
    this.#unfinished.entryEnded(facts);
    this.#open.delete(facts);
    this.routes.ended(facts);
    if (!isEntry(facts.span)) return;
    this.#requests -= 1;
    facts.unit.entries -= 1;
  }

  /** Requests and jobs that are watched and open. */
  get open(): Iterable<SpanFacts> {
    return this.#open.all;
  }

  /** `isAtEnd`: nothing is left that could end a span. */
  findings(isAtEnd: boolean): Finding[] {
    const unended = new Map<string, Unended>();
    const now = Date.now();
    for (const facts of this.open) {
      const age = now - facts.startedAt;
      if (!isAtEnd && age < LONG_MILLIS) continue;
      const key = nameKey(facts.span);
      const group = unended.get(key) ?? new Unended();
      unended.set(key, group);
      group.name ||= nameOf(facts.span);
      group.isRequest = isEntry(facts.span);
      group.count += 1;
      group.oldestMillis = Math.max(group.oldestMillis, age);
      if (group.evidence.length < 2) group.evidence.push(spanEvidence(facts));
    }
    const shared = this.#shared.all().filter(({ count }) => count >= MANY);
    return [
      ...[...unended.values()].map((each) => unendedFinding(each, isAtEnd)),
      ...this.#unfinished.findings(isAtEnd),
      ...shared.map(sharedFinding),
    ];
  }
}

// A SERVER span below another one: a request of the process to itself, or a framework's span below that of HTTP.
function isWithinEntry({ above }: SpanFacts): boolean {
  return above !== undefined && isEntry(above.entry.span) && !above.entry.hasEnded;
}

function unendedFinding(unended: Unended, isAtEnd: boolean): Finding {
  const { name, count, evidence, oldestMillis, isRequest } = unended;
  // The request of a stream or a WebSocket stays open for as long as its connection.
  const severity = isRequest ? "info" : "warning";
  return finding({
    rule: "D15",
    name: "open-spans",
    severity: isAtEnd ? "error" : severity,
    summary: isAtEnd
      ? `The process has nothing left to do, but ${quantityOf(count, "span")} "${name}" did not end.`
      : `${quantityOf(count, "span")} "${name}" open for up to ${seconds(oldestMillis)}.`,
    count,
    evidence,
    mechanism: `Such a root is never sent; its finished children are, after a minute. ${SKIPPED_END}, or it is the span of a connection.`,
    fix: "Either end each span in a finally block or, for a connection, use a span per message:",
    code: ENDED_SPAN,
  });
}

function sharedFinding({ name, hasData, seen }: Shared): Finding {
  return finding({
    rule: "D11",
    name: "shared-isolation",
    severity: hasData ? "error" : "warning",
    summary: `Several requests or messages "${name}" were open at once in one unit of work (request or job).`,
    ...seen,
    mechanism:
      "They were started in the context of one span, such as a batch's: a user or tag of one is on the events of the others.",
    ...UNIT_EACH,
  });
}
