import { SPAN_KIND } from "../trace/span.js";
import type { StartedSpan } from "../trace/span.js";
import { finding } from "./finding.js";
import type { Finding } from "./finding.js";
import { codeFor, losesContext, movedUnless } from "./library-fixes.js";
import { isEntry, nameKey, nameOf, spanEvidence, tracerOf } from "./span-facts.js";
import type { SpanFacts } from "./span-facts.js";
import { Suspect, Suspects } from "./suspects.js";

/** Spans with a parent, and spans without one, from which on both are more than chance. */
const MIN_EACH = 20;
const MIN_ALWAYS = 50;
const ALMOST_ALL = 0.9;
const MAX_NAMES = 1000;

class Orphans extends Suspect {
  key = "";
  tracer = "";
  kind = 0;
  last: SpanFacts | undefined;
  /** How many started while another one was open. */
  atOnce = 0;
}

/** Rule D9: some spans of a kind have lost their context. */
export class OrphanRule {
  // Children from the first orphan of their name on. Holds the names of orphans only, so that nothing is looked up for the
  // spans of an application without any. By the name alone: a key of several parts would cost more than everything else here.
  readonly #withParent = new Map<string, { count: number }>();
  readonly #lost = new Suspects(() => new Orphans());
  #requests = 0;

  /** Records the start of a span whose parent is in this process. */
  child(span: StartedSpan): void {
    if (this.#withParent.size === 0) return;
    const known = this.#withParent.get(span.name);
    if (known !== undefined) known.count += 1;
  }

  /** Call it when a span without a parent has started. `others`: number of open requests and jobs. */
  root(facts: SpanFacts, others: number): void {
    const { span } = facts;
    if (isEntry(span)) {
      this.#requests += 1;
      return;
    }
    if (others === 0 || span.parentSpanContext !== undefined) return;
    const key = nameKey(span);
    // Longer names are not compared.
    if (key === span.name && !this.#withParent.has(key) && this.#withParent.size < MAX_NAMES)
      this.#withParent.set(key, { count: 0 });
    const tracer = tracerOf(span);
    const lost = this.#lost.of(`${tracer}|${key}|${span.kind}`);
    if (lost.last?.hasEnded === false) lost.atOnce += 1;
    lost.name ||= nameOf(span);
    Object.assign(lost, { key, tracer, kind: span.kind, last: facts });
    lost.add((site) => [spanEvidence(facts, site)]);
  }

  findings(): Finding[] {
    return this.#lost
      .all()
      .filter((lost) => this.#isFault(lost))
      .map((lost) => orphanFinding(lost, this.#parented(lost)));
  }

  #isFault(lost: Orphans): boolean {
    if (lost.count >= MIN_EACH && this.#parented(lost) >= MIN_EACH) return true;
    // As many client spans as requests, and none of them has a parent: the library always loses the context.
    if (
      (lost.kind !== SPAN_KIND.CLIENT && !losesContext(lost.library)) ||
      this.#requests < MIN_ALWAYS
    )
      return false;
    const isPolling = lost.stacks.length > 0 && lost.stacks.every(({ isTimer }) => isTimer);
    return !isPolling && lost.count >= this.#requests * ALMOST_ALL;
  }

  #parented({ key }: Orphans): number {
    return this.#withParent.get(key)?.count ?? 0;
  }
}

const LOST =
  "listener, socket, queue, promise library or native addon has lost the context. Each such span is a trace of its own, without the request's user and tags.";

function orphanFinding(lost: Orphans, withParent: number): Finding {
  const { name, tracer, count, evidence, library, atOnce } = lost;
  const isLost = atOnce >= count / 4 || losesContext(library);
  const compared =
    withParent === 0 ? "none has one" : `since the first of them, ${withParent} others had one`;
  return finding({
    rule: "D9",
    name: "orphans",
    // Background work runs one after the other; spans that requests have lost overlap as requests do.
    severity: isLost ? "warning" : "info",
    summary: `${count} spans "${name}" (tracer ${tracer}) started without a parent while requests were open; ${compared}.`,
    count,
    evidence,
    mechanism: isLost ? `A ${LOST}` : movedUnless("this is background work", LOST),
    library,
    fix: "Either bind the callback while the request is active, or use the library's promises, or give background work a root span of its own:",
    code: codeFor(
      library,
      'emitter.on("event", bindContext(handler)); // in the request\n// or, for all listeners of an emitter or stream\ncontext.bind(context.active(), stream);',
    ),
  });
}
