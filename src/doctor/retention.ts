import { PerformanceObserver, constants } from "node:perf_hooks";

import { propertyOf } from "../support/foreign.js";
import { finding } from "./finding.js";
import type { Evidence, Finding } from "./finding.js";
import { spanEvidence } from "./span-facts.js";
import type { SpanFacts, UnitFacts } from "./span-facts.js";

// Units that are followed at a time: one weak reference takes 1.5 µs.
const MAX_FOLLOWED = 1000;
const MIN_RETAINED = 10;
const MIN_COLLECTIONS = 2;
const MAJOR = constants.NODE_PERFORMANCE_GC_MAJOR;
const DEFAULT_AGE_MILLIS = 60_000;

interface Followed {
  readonly unit: WeakRef<UnitFacts>;
  readonly root: Evidence;
  readonly endedAt: number;
  /** Number of major garbage collections before it ended. */
  readonly collections: number;
}

/** Rule D17, in mode `deep` only: units of work that stay in memory after their end. */
export class Retention {
  readonly #ageMillis: number;
  #followed: Followed[] = [];
  #collections = 0;

  /** `ageMillis`: how long a unit may stay in memory after its end; default a minute. */
  constructor(ageMillis: number = DEFAULT_AGE_MILLIS) {
    this.#ageMillis = ageMillis;
    new PerformanceObserver((list) => {
      const details = list
        .getEntries()
        .map((entry) => propertyOf(propertyOf(entry, "detail"), "kind"));
      this.#collections += details.filter((kind) => kind === MAJOR).length;
    }).observe({ entryTypes: ["gc"] });
  }

  /** Call it when the root of a unit has ended. */
  ended(facts: SpanFacts): void {
    const { unit } = facts;
    if (unit.root !== facts || !unit.isOwned) return;
    if (this.#followed.length >= MAX_FOLLOWED) this.#forgetCollected();
    if (this.#followed.length >= MAX_FOLLOWED) return;
    this.#followed.push({
      unit: new WeakRef(unit),
      root: spanEvidence(facts),
      endedAt: Date.now(),
      collections: this.#collections,
    });
  }

  findings(): Finding[] {
    this.#forgetCollected();
    const now = Date.now();
    const retained = this.#followed.filter(
      ({ endedAt, collections }) =>
        now - endedAt >= this.#ageMillis && this.#collections - collections >= MIN_COLLECTIONS,
    );
    return retained.length < MIN_RETAINED ? [] : [retentionFinding(retained)];
  }

  #forgetCollected(): void {
    this.#followed = this.#followed.filter(({ unit }) => unit.deref() !== undefined);
  }
}

function retentionFinding(retained: readonly Followed[]): Finding {
  return finding({
    rule: "D17",
    name: "retention",
    severity: "warning",
    summary: `${retained.length} units of work are still in memory, long after their end and two garbage collections.`,
    count: retained.length,
    evidence: retained.slice(0, 2).map(({ root }) => root),
    mechanism:
      "A connection, timer, cache or listener was created in their context and keeps it, with their scopes and spans.",
    fix: "Create what outlives a request in the root context:",
    code: "const pool = context.with(ROOT_CONTEXT, () => new Pool());",
  });
}
