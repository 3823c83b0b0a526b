import { context } from "@opentelemetry/api";
import type { Context } from "@opentelemetry/api";

import { SPAN_KIND } from "../trace/span.js";
import { finding } from "./finding.js";
import type { Finding, Severity } from "./finding.js";
import { OWN_WORK, boundCallback, movedUnless } from "./library-fixes.js";
import { seconds } from "./report-text.js";
import { isEntry, isOfOtherUnit, nameKey, nameOf, spanEvidence, tracerOf } from "./span-facts.js";
import type { SpanFacts } from "./span-facts.js";
import { ACTIVE_SPAN, MANY, OLD_MILLIS, Suspect, Suspects } from "./suspects.js";
import type { Routes } from "./routes.js";

// Instrumentations name their tracers after their packages, such as `@prisma/instrumentation` and `@fastify/otel`.
const AUTOMATIC = /instrumentation|^@.*\/otel/;

/** OpenTelemetry's SDK rounds the start of a span to milliseconds, but not its end. */
const CLOCK_MILLIS = 1;

class LateChildren extends Suspect {
  parent = "";
  most = 0;
  oldestMillis = 0;
  /** The last request or job that the parents belong to. */
  of: SpanFacts | undefined;
  /** Number of those that have such children. */
  entries = 0;
  /** How many started in the active context, within a request that is open. */
  unbalanced = 0;
  readonly counted = new WeakSet<SpanFacts>();

  /** Key of its name, which an HTTP span gets only before it ends. */
  get entry(): string {
    return this.of === undefined ? "" : nameKey(this.of.span);
  }

  get entryName(): string {
    return this.of === undefined ? "" : nameOf(this.of.span);
  }
}

class ForeignParents extends Suspect {
  parent = "";
  /** True if an instrumentation starts the spans, so that the application cannot choose their context. */
  isAutomatic = false;
}

/** Rules about a span and its parent: D1 (it has ended), D3 (it is of another unit), D6 (it lives on). */
export class Parentage {
  readonly #late = new Suspects(() => new LateChildren());
  readonly #foreign = new Suspects(() => new ForeignParents());
  readonly #routes: Routes;
  readonly #served = new Suspects(() => new LateChildren());

  /** `routes` counts the requests and jobs. */
  constructor(routes: Routes) {
    this.#routes = routes;
  }

  /** Call it when a span with a parent in this process has started. */
  started(facts: SpanFacts, above: SpanFacts, ctx: Context): void {
    if (facts.span.kind === SPAN_KIND.SERVER) this.#serves(facts, above);
    else if (isOfOtherUnit(above, ctx)) this.#isForeign(facts, above);
    // A span may be created afterwards, with a start time while its parent was still open.
    else if (above.hasEnded && facts.startedAt > above.endedAt - CLOCK_MILLIS)
      this.#isLate(facts, above, ctx);
  }

  findings(): Finding[] {
    const late = this.#late.all().filter((each) => this.#isFault(each));
    const served = this.#served.all().filter(({ most }) => most >= MANY);
    return [
      ...late.map((each) => this.#lateFinding(each)),
      ...served.map(servedFinding),
      ...this.#foreign.all().map(foreignFinding),
    ];
  }

  /** Tells whether rule D1 has found spans below requests or jobs of a name. */
  hasFound(key: string): boolean {
    return this.#late.all().some((each) => each.entry === key && this.#isFault(each));
  }

  #lateFinding(late: LateChildren): Finding {
    const areStarved = this.#routes.areStarved(late.entry);
    if (isOfTimer(late) && !areStarved) return timerFinding(late);
    if (isUnbalanced(late) && !areStarved) return unbalancedFinding(late);
    const isOfFew = this.#routes.areSomeStarved(late.entry, late.count);
    if (isOfFew && !this.#isMany(late)) return starvedFinding(late);
    const isOwn = !isOfFew && isOwnWork(late);
    return lateFinding(late, isOwn ? "info" : severityOf(late, areStarved));
  }

  // If a handler goes on after its response, most requests of the name have late children. If a queue runs work in the wrong
  // context, a few requests have the children of all others.
  #isFault(late: LateChildren): boolean {
    const { count, entry } = late;
    const areStarved = this.#routes.areStarved(entry);
    if (this.#routes.areSomeStarved(entry, count) || (isUnbalanced(late) && !areStarved))
      return true;
    return isOften(late) && (isOfTimer(late) || areStarved || this.#isMany(late));
  }

  #isMany(late: LateChildren): boolean {
    if (!isOften(late)) return false;
    const { most, entry, entries } = late;
    const ended = this.#routes.endedOf(entry);
    return ended < 2 ? most >= MANY : entries <= ended / 2;
  }

  #serves(facts: SpanFacts, above: SpanFacts): void {
    // A request that calls its own process is rightly the parent of the SERVER span.
    if (!above.hasEnded && isEntry(above.entry.span)) return;
    above.servers += 1;
    note(this.#served.of(nameKey(above.span)), { facts, above, most: above.servers });
  }

  #isLate(facts: SpanFacts, above: SpanFacts, ctx: Context): void {
    above.lateChildren += 1;
    const key = `${tracerOf(facts.span)}|${nameKey(facts.span)}|${nameKey(above.span)}`;
    const late = this.#late.of(key);
    late.of = above.entry;
    if (!late.counted.has(above.entry)) late.entries += 1;
    late.counted.add(above.entry);
    if (above !== above.entry && !above.entry.hasEnded && ctx === context.active())
      late.unbalanced += 1;
    note(late, { facts, above, most: above.lateChildren });
  }

  #isForeign(facts: SpanFacts, above: SpanFacts): void {
    const { span } = facts;
    const tracer = tracerOf(span);
    const suspect = this.#foreign.of(`${tracer}|${nameKey(span)}`);
    suspect.isAutomatic = AUTOMATIC.test(tracer);
    suspect.name ||= nameOf(span);
    suspect.parent ||= namesOf(above);
    suspect.add((site) => [spanEvidence(facts, site), spanEvidence(above)]);
  }
}

// With the request, because the layers of a framework have one name for all routes.
function namesOf({ span, entry }: SpanFacts): string {
  const own = `"${nameOf(span)}"`;
  return span === entry.span ? own : `${own} of "${nameOf(entry.span)}"`;
}

interface Pair {
  readonly facts: SpanFacts;
  readonly above: SpanFacts;
  readonly most: number;
}

function note(late: LateChildren, { facts, above, most }: Pair): void {
  late.name ||= nameOf(facts.span);
  const parent = namesOf(above);
  // The layers of a framework have one name in the requests of all routes.
  late.parent = late.count === 0 || late.parent === parent ? parent : `"${nameOf(above.span)}"`;
  late.most = Math.max(late.most, most);
  const age = !above.hasEnded ? 0 : facts.startedAt - above.endedAt;
  late.oldestMillis = Math.max(late.oldestMillis, age);
  late.add((site) => [spanEvidence(facts, site), spanEvidence(above)]);
}

function isOften({ most, count, oldestMillis }: LateChildren): boolean {
  return most >= MANY || (count >= MANY && oldestMillis > OLD_MILLIS);
}

// A span is active after its end, although the request goes on: its context was entered for good, or it has ended too early.
function isUnbalanced({ count, entries, most, unbalanced }: LateChildren): boolean {
  return Math.max(most, entries) >= MANY && unbalanced === count;
}

function areEven({ entries, count, most }: LateChildren): boolean {
  return entries >= MANY && count >= (entries * most) / 2;
}

// A queue that moves work runs it in as many contexts as it has lanes: in few, with many spans each.
function isOwnWork(late: LateChildren): boolean {
  return areEven(late) && late.entries >= late.most;
}

// Where several requests have about as many such spans, and no library has called what started them, it is probably their own work after
// the response. It is no error even if others have no child: a cache may have answered these.
function severityOf(late: LateChildren, areStarved: boolean): Severity {
  const isOwn = areEven(late) && late.stacks.every(({ caller }) => caller === undefined);
  if (areStarved) return isOwn ? "warning" : "error";
  return isOwn ? "info" : "warning";
}

// A pool that releases its connections by timers looks the same, but it leaves requests without a child: see `areStarved`.
function isOfTimer({ stacks, most }: LateChildren): boolean {
  return most >= MANY && stacks.length > 0 && stacks.every((each) => each.isTimer && !each.caller);
}

const TIMER =
  "context.with(ROOT_CONTEXT, () =>\n  setInterval(() => withIsolationScope(tick), 1000));";

// One request alone has such spans.
const LOOP: Pick<Finding, "code" | "fix" | "mechanism"> = {
  mechanism:
    "Probably a loop that this request has started, such as a cache's refresh; or a queue or pool ran the work of others in its context.",
  fix: "Either start the loop in the root context, with a unit for each run, or give each callback the context of its caller (bindContext):",
  code: TIMER,
};

function startedLate({ name, parent }: LateChildren): string {
  return `Spans "${name}" started below ${parent} after it had ended`;
}

function lateFinding(late: LateChildren, severity: Severity): Finding {
  const { most, oldestMillis, entries, seen } = late;
  const isLoop = severity !== "error" && entries === 1 && seen.library === undefined;
  return finding({
    rule: "D1",
    name: "ended-parent",
    severity,
    summary: `${startedLate(late)}: up to ${most} below one span, up to ${seconds(oldestMillis)} late.`,
    ...seen,
    ...boundCallback(seen.library),
    ...(severity === "error" ? {} : { mechanism: movedUnless(OWN_WORK) }),
    ...(isLoop ? LOOP : {}),
  });
}

function unbalancedFinding(late: LateChildren): Finding {
  return finding({
    rule: "D8",
    name: "unbalanced-context",
    severity: "warning",
    summary: `${startedLate(late)}, while its request went on.`,
    ...late.seen,
    mechanism:
      "The context of that span was entered (enterWith) and never left, or the span ended before its work.",
    ...ACTIVE_SPAN,
  });
}

function starvedFinding(late: LateChildren): Finding {
  return finding({
    rule: "D4",
    name: "starved-siblings",
    severity: "warning",
    summary: `${startedLate(late)}, while about as many other "${late.entryName}" have no child span.`,
    ...late.seen,
    ...boundCallback(late.library),
  });
}

function timerFinding({ name, parent, seen }: LateChildren): Finding {
  return finding({
    rule: "D6",
    name: "long-lived-unit",
    severity: "warning",
    summary: `A timer that was set within ${parent} starts spans "${name}" below it, long after it has ended.`,
    ...seen,
    mechanism:
      "A timer keeps the context in which it was set: its spans, users and tags belong to that one request for ever.",
    fix: "Set the timer in the root context, and give each run a unit of its own:",
    code: TIMER,
  });
}

function servedFinding({ parent, count, evidence, oldestMillis }: LateChildren): Finding {
  return finding({
    rule: "D6",
    name: "long-lived-unit",
    // Within an open span it may be a test that injects requests.
    severity: oldestMillis > 0 ? "error" : "warning",
    summary: `The span ${parent} is the parent of requests that it did not make.`,
    count,
    evidence,
    mechanism:
      "The server began to listen within that span, so that all requests share its trace, and their users and tags mix.",
    fix: "Start servers and consumers in the root context:",
    code: "context.with(ROOT_CONTEXT, () => server.listen(port));",
  });
}

const STORED: Pick<Finding, "code" | "fix" | "mechanism"> = {
  mechanism:
    "trace.setSpan was called with a stored span, or a library runs callbacks in the context of another caller.",
  fix: "Start the span in its own context, and refer to the other one by a link:",
  code: "tracer.startSpan(name, {\n  links: [{ context: other.spanContext() }] });",
};

function foreignFinding({ name, parent, isAutomatic, seen }: ForeignParents): Finding {
  return finding({
    rule: "D3",
    name: "foreign-parent",
    summary: `Spans "${name}" have a parent, ${parent}, that belongs to another request or job than their context.`,
    ...seen,
    ...(isAutomatic ? boundCallback(seen.library) : STORED),
  });
}
