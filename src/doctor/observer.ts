import { trace } from "@opentelemetry/api";
import type { Context } from "@opentelemetry/api";

import { readContextScopes, scopesOf, unitOfSpan } from "../context/scope-context.js";
import type { ScopeData } from "../scope/scope-data.js";
import type { Unit } from "../scope/unit.js";
import { observation } from "../support/observation.js";
import type { Broken, Observer } from "../support/observation.js";
import { SPAN_KIND } from "../trace/span.js";
import type { AttributeBag, FinishedSpan, StartedSpan } from "../trace/span.js";
import type { Finding } from "./finding.js";
import { ForeignCaptures } from "./foreign-captures.js";
import { OrphanRule } from "./orphans.js";
import { OutcomeRules } from "./outcome-rules.js";
import { RefusedValues } from "./refused-values.js";
import { Parentage } from "./parentage.js";
import type { Retention } from "./retention.js";
import { ScopeRules } from "./scope-rules.js";
import type { Written } from "./scope-rules.js";
import { SharedWork } from "./shared-work.js";
import {
  SpanFacts,
  endAsChild,
  factsOfSpan,
  factsOfUnit,
  isEntry,
  isKnown,
  isOfOtherUnit,
  keepAsChild,
  keepFacts,
} from "./span-facts.js";
import { Staircases } from "./staircases.js";
import { UnitRules } from "./unit-rules.js";

/** Applies the rules to the spans and scopes of the process. No method throws. */
export class DoctorObserver implements Observer {
  /** Spans that have started, by kind. */
  readonly spans: number[] = [0, 0, 0, 0, 0];
  /** Number of spans that have started. */
  get total(): number {
    return this.spans.reduce((sum, count) => sum + count, 0);
  }

  /** How often a rule itself has failed. */
  failures = 0;
  readonly refused = new RefusedValues();
  readonly #orphans = new OrphanRule();
  readonly #staircases = new Staircases();
  readonly #units = new UnitRules();
  readonly #parentage = new Parentage(this.#units.routes);
  readonly #scopes = new ScopeRules(this.#units.routes);
  readonly #outcomes = new OutcomeRules();
  readonly #captures = new ForeignCaptures(this.#units.routes);
  readonly #retention: Retention | undefined;
  readonly #shared: SharedWork | undefined;
  #hasUnits = false;

  /** `retention`: follows units after their end, for mode `deep`. */
  constructor(retention?: Retention) {
    this.#retention = retention;
    this.#shared = retention && new SharedWork();
  }

  started(span: StartedSpan, ctx: Context, parent?: object): void {
    try {
      // Each processor of the process reports the span; only the first report counts.
      if (isKnown(span)) return;
      const above = parentOf(span, ctx, parent);
      this.spans[span.kind] = (this.spans[span.kind] ?? 0) + 1;
      // Most spans. One context always gives its children one parent and one unit: both were compared for the first of them.
      if (above?.checked === ctx && !isEntry(span)) this.#plainStarted(span, above);
      else this.#started(span, ctx, above);
    } catch {
      this.failures += 1;
    }
  }

  ended(span: FinishedSpan): void {
    try {
      const above = endAsChild(span);
      if (above !== undefined) {
        this.#units.childEnded(above.entry, span);
        return;
      }
      const facts = factsOfSpan(span);
      if (facts !== undefined && !facts.hasEnded) this.#ended(facts, span);
    } catch {
      this.failures += 1;
    }
  }

  wrote(scope: Written, change: Partial<ScopeData>, broken?: Broken): void {
    try {
      if (broken !== undefined) this.refused.wrote(change, broken);
      this.#scopes.wrote(scope, change, this.#hasUnits);
    } catch {
      this.failures += 1;
    }
  }

  warned(kind: string): void {
    try {
      if (kind.startsWith("value:")) this.refused.warned(kind.replace("value:", ""));
    } catch {
      this.failures += 1;
    }
  }

  captured(error: unknown, origin: Unit, here: Unit): void {
    try {
      this.#captures.captured(error, origin, here);
      this.#outcomes.captured(origin);
    } catch {
      this.failures += 1;
    }
  }

  /** Attributes of the resource of the last root. */
  get resource(): AttributeBag | undefined {
    return this.#outcomes.resource;
  }

  /**
   * Returns the findings of all rules, but without a context manager not those that follow from its absence. `isAtEnd`: the process
   * has nothing left to do, so open spans will not end.
   */
  findings(isAtEnd: boolean): Finding[] {
    const hasContexts = !["api-copies", "context-manager"].some((kind) =>
      observation.faults.has(kind),
    );
    const { [SPAN_KIND.SERVER]: server = 0, [SPAN_KIND.CONSUMER]: consumer = 0 } = this.spans;
    return [
      ...this.#parentage.findings(),
      ...this.#staircases.findings(),
      ...(hasContexts ? this.#orphans.findings() : []),
      ...this.#units.findings(isAtEnd),
      ...this.#units.routes.findings(this.#units.open, (key) => this.#parentage.hasFound(key)),
      ...(hasContexts ? this.#scopes.findings(server + consumer) : []),
      ...(hasContexts ? this.#captures.findings() : []),
      ...this.#outcomes.findings(),
      ...(this.#shared?.findings() ?? []),
      ...(this.#retention?.findings() ?? []),
    ];
  }

  #started(span: StartedSpan, ctx: Context, above: SpanFacts | undefined): void {
    this.#hasUnits = true;
    const unit = factsOfUnit(unitOfSpan(span) ?? scopesOf(ctx).unit);
    if (above?.unit === unit && this.#isPlain(span, above) && !isOfOtherUnit(above, ctx)) {
      above.checked = ctx;
      this.#plainStarted(span, above);
      return;
    }
    const facts = new SpanFacts(span, unit, above);
    keepFacts(facts);
    if (unit.root === undefined) beginUnit(facts, ctx);
    this.#units.started(facts);
    if (above === undefined) this.#rootStarted(facts);
    else this.#childStarted(facts, above, ctx);
  }

  #plainStarted(span: StartedSpan, above: SpanFacts): void {
    keepAsChild(span, above);
    this.#units.childStarted(above.entry, span);
    this.#orphans.child(span);
  }

  #rootStarted(facts: SpanFacts): void {
    this.#outcomes.started(facts);
    this.#orphans.root(facts, this.#units.requests);
  }

  #childStarted(facts: SpanFacts, above: SpanFacts, ctx: Context): void {
    this.#orphans.child(facts.span);
    this.#staircases.started(facts, above);
    this.#parentage.started(facts, above, ctx);
  }

  // Most spans: those below one that is open, but not the third step of a staircase. No rule keeps data on it.
  #isPlain(span: StartedSpan, above: SpanFacts): boolean {
    const isStep = !above.hasChild && (above.isFirst || above.stairs !== undefined);
    return !isStep && !above.hasEnded && !isEntry(span) && this.#shared === undefined;
  }

  #ended(facts: SpanFacts, span: FinishedSpan): void {
    facts.hasEnded = true;
    const { above } = facts;
    if (above !== undefined) this.#staircases.ended(facts, above);
    this.#units.ended(facts);
    this.#scopes.ended(facts);
    this.#shared?.ended(facts);
    this.#outcomes.ended(facts, span);
    if (above === undefined) this.#retention?.ended(facts);
    facts.above = undefined;
    facts.checked = undefined;
  }
}

// A unit that the application has forked itself may outlive its first span.
function beginUnit(facts: SpanFacts, ctx: Context): void {
  const { span, unit, above } = facts;
  unit.root = facts;
  unit.isOwned =
    above === undefined &&
    (isEntry(span) || readContextScopes(ctx)?.unit.isolation !== unitOfSpan(span)?.isolation);
}

function parentOf(span: StartedSpan, ctx: Context, known?: object): SpanFacts | undefined {
  const ids = span.parentSpanContext;
  if (ids === undefined || ids.isRemote === true) return undefined;
  const parent = known ?? trace.getSpan(ctx);
  return parent === undefined ? undefined : factsOfSpan(parent);
}
