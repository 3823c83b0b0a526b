import { BoundedMap } from "../support/collections.js";
import { finding } from "./finding.js";
import type { Finding } from "./finding.js";
import { nameKey, nameOf, spanEvidence } from "./span-facts.js";
import type { SpanFacts } from "./span-facts.js";
import { Suspect, Suspects } from "./suspects.js";

const MAX_ROUTES = 1000;
const MIN_SHARED = 10;
/** Time from the end of the shared span to the end of who has waited for it. */
const SOON_MILLIS = 20;

class Waiting extends Suspect {
  name = "";
  shared = "";
}

/** Rule D16, in mode `deep` only: requests that wait for a span of another one, as for a cached promise or a batch. */
export class SharedWork {
  readonly #last = new BoundedMap<string, SpanFacts>(MAX_ROUTES);
  readonly #found = new Suspects(() => new Waiting());

  ended(facts: SpanFacts): void {
    const { entry, span } = facts;
    if (entry !== facts) {
      if (!entry.hasEnded) this.#last.set(nameKey(entry.span), facts);
      return;
    }
    const key = nameKey(span);
    const last = this.#last.get(key);
    if (facts.hasChild || last === undefined || last.entry === facts) return;
    // Starts are rounded to milliseconds.
    if (facts.startedAt > last.endedAt - 1 || facts.endedAt - last.endedAt > SOON_MILLIS) return;
    const waiting = this.#found.of(key);
    waiting.name ||= nameOf(span);
    waiting.shared ||= nameOf(last.span);
    waiting.add(() => [spanEvidence(facts), spanEvidence(last)]);
  }

  findings(): Finding[] {
    return this.#found
      .all()
      .filter(({ count }) => count >= MIN_SHARED)
      .map(sharedFinding);
  }
}

function sharedFinding({ name, shared, count, evidence }: Waiting): Finding {
  return finding({
    rule: "D16",
    name: "shared-work",
    severity: "info",
    summary: `Requests or jobs "${name}" without any child ended with a span "${shared}" of another.`,
    count,
    evidence,
    mechanism:
      "They shared its work, by a cached promise or a batch: it is on the trace of the first caller only.",
    fix: "Start shared work in the root context, with links to those who wait for it:",
    code: "context.with(ROOT_CONTEXT, () =>\n  tracer.startActiveSpan(name, { links }, load));",
  });
}
