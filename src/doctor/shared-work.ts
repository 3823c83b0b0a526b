import { finding } from "./finding.js";
import type { Evidence, Finding } from "./finding.js";
import { isIdle, isLayer, nameKey, nameOf, spanEvidence } from "./span-facts.js";
import type { SpanFacts } from "./span-facts.js";
import { Suspect, Suspects } from "./suspects.js";

/** Spans that ended last. Those of a busy server that are older have ended too long ago. */
const MAX_RECENT = 100;
const MAX_WAITERS = 100;
const MIN_SHARED = 10;
/** Longest time between the end of the shared span and that of a request that has waited for it. */
const SOON_MILLIS = 20;

class Waiting extends Suspect {
  shared = "";
  /** Requests without a child during which no span of another request ended. */
  alone = 0;
}

/** A request that has ended and may have waited for a span of another one. */
interface Waiter {
  readonly key: string;
  readonly name: string;
  readonly shared: string;
  readonly evidence: readonly Evidence[];
}

/** Rule D16, in mode `deep` only: requests that wait for a span of another one, as for a cached promise or a batch. */
export class SharedWork {
  readonly #recent: SpanFacts[] = [];
  // By the request with the shared span, while it is open: its name is known when it ends.
  readonly #waiters = new WeakMap<SpanFacts, Waiter[]>();
  readonly #found = new Suspects(() => new Waiting());

  ended(facts: SpanFacts): void {
    if (facts.entry === facts) this.#requestEnded(facts);
    else if (!facts.entry.hasEnded && !isLayer(facts.span)) {
      this.#recent.unshift(facts);
      this.#recent.splice(MAX_RECENT);
    }
  }

  #requestEnded(facts: SpanFacts): void {
    const key = nameKey(facts.span);
    for (const each of this.#waiters.get(facts) ?? []) if (each.key === key) this.#add(each);
    this.#waiters.delete(facts);
    if (!isIdle(facts)) return;
    const shared = this.#recent.find((each) => mayShare(each, facts, key));
    if (shared === undefined) this.#found.of(key).alone += 1;
    if (shared === undefined || facts.endedAt - shared.endedAt > SOON_MILLIS) return;
    const waiter = {
      key,
      name: nameOf(facts.span),
      shared: nameOf(shared.span),
      evidence: [spanEvidence(facts), spanEvidence(shared)],
    };
    if (shared.entry.hasEnded) this.#add(waiter);
    else this.#await(shared.entry, waiter);
  }

  #await(entry: SpanFacts, waiter: Waiter): void {
    const waiters = this.#waiters.get(entry) ?? [];
    if (waiters.length < MAX_WAITERS) waiters.push(waiter);
    this.#waiters.set(entry, waiters);
  }

  #add({ key, name, shared, evidence }: Waiter): void {
    const waiting = this.#found.of(key);
    waiting.name ||= name;
    waiting.shared ||= shared;
    waiting.add(() => evidence);
  }

  findings(): Finding[] {
    return (
      this.#found
        .all()
        // Requests answered by a cache overlap such an end only by chance; most do not.
        .filter(({ count, alone }) => count >= Math.max(MIN_SHARED, alone))
        .map(sharedFinding)
    );
  }
}

// Starts are rounded to milliseconds.
function mayShare({ endedAt, entry }: SpanFacts, { startedAt }: SpanFacts, key: string): boolean {
  return startedAt <= endedAt - 1 && (!entry.hasEnded || nameKey(entry.span) === key);
}

function sharedFinding({ name, shared, count, evidence }: Waiting): Finding {
  return finding({
    rule: "D16",
    name: "shared-work",
    severity: "info",
    summary: `Requests "${name}" without child spans ended just after a span "${shared}" of another request.`,
    count,
    evidence,
    mechanism:
      "Probably they shared its work by a cached promise or a batch: it is on the trace of the first caller only.",
    fix: "Start shared work in the root context, with links to those who wait for it:",
    code: "context.with(ROOT_CONTEXT, () =>\n  tracer.startActiveSpan(name, { links }, load));",
  });
}
