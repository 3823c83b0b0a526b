import type { NodeFacts, RequestFacts } from "./analysis.js";
import { scopesIn } from "./facts.js";
import type { Place, SegmentFact, SpanFact, UnitFact } from "./facts.js";
import { REQUIRED } from "./interleavings.js";
import type { ErrorOrigin, Ledger, SpanRun } from "./ledger.js";
import type { Block, DeferWay, Request } from "./syntax.js";
import type { Cell } from "./unit-data.js";

/** Counts the interleavings that a run must have seen for its result to mean something. */
export class Coverage {
  readonly #counts = new Map<string, number>();

  count(name: string, by: number = 1): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + by);
  }

  /** Those that must occur, and how often they did. */
  report(): Record<string, number> {
    return Object.fromEntries(REQUIRED.map((name) => [name, this.#counts.get(name) ?? 0]));
  }

  missing(): string[] {
    return REQUIRED.filter((name) => !this.#counts.has(name));
  }

  branch(_label: NodeFacts["label"], branches: readonly Block[]): void {
    const sleeps = branches.map((branch) =>
      branch.flatMap((node) =>
        node.type === "sleep" && node.how === "timer" ? [node.millis] : [],
      ),
    );
    const totals = sleeps
      .filter((millis) => millis.length > 0)
      .map((millis) => millis.reduce((sum, some) => sum + some));
    if (new Set(totals).size < totals.length) this.count("branches of the same duration");
  }

  threw(ledger: Ledger, { span }: Place): void {
    const run = span?.type === "local" ? ledger.runs.get(span) : undefined;
    if (run !== undefined)
      this.count(run.resumed === undefined ? "throw before an await" : "throw after an await");
  }

  caught({ scopes }: ErrorOrigin, place: Place): void {
    if (scopes.unit !== scopesIn(place).unit)
      this.count("error caught in another unit than it arose in");
  }

  forked(ledger: Ledger, { unit, span }: Place): void {
    if (span !== undefined) this.count("fork inside a span");
    if (unit?.parent !== undefined && (ledger.units.get(unit.parent)?.writes.length ?? 0) > 0)
      this.count("write before a fork");
  }

  deferred(
    ledger: Ledger,
    how: DeferWay,
    task: { place: Place; scheduled: number; label: string },
  ): void {
    const parent = task.place.span?.type === "local" ? ledger.runs.get(task.place.span) : undefined;
    if (parent === undefined) return;
    if (parent.ended !== undefined) this.count(`deferred by ${how}`);
    for (const run of ledger.runs.values()) {
      const isOpen = run.ended === undefined && run.started > task.scheduled;
      if (isOpen && run.fact.label.startsWith(`${task.label}.`))
        return this.count(`crossed by ${how}`);
    }
  }

  requested({ again }: Request, { via, remote }: RequestFacts): void {
    const says = remote === undefined ? "nothing" : String(remote.sampled ?? "deferred");
    const who = remote === undefined ? "" : remote.isSentry ? "sentry " : "w3c ";
    this.count(`request read by ${via}: ${who}${says}`);
    if (again !== undefined) this.count("two roots of one request");
  }

  byIds(ledger: Ledger, { segment }: SpanFact, body: Block): void {
    if (body.some((node) => node.type === "span")) this.count("child of a parent known by its ids");
    if (body.some((node) => node.type === "write"))
      this.count("write under a parent known by its ids");
    if (body.some((node) => node.type === "byIds")) this.count("parent known by ids under another");
    const trace = [...ledger.runs.values()].find(({ fact }) => fact.segment === segment)?.fact
      .trace;
    const open = new Set<SegmentFact>();
    for (const { fact } of ledger.runs.values()) {
      const other = fact.trace === trace ? fact.segment : undefined;
      if (other !== undefined && ledger.segments.isOpen(other)) open.add(other);
    }
    if (open.size > 1) this.count("parent known by its ids in a trace with several open roots");
  }

  flushed(ledger: Ledger): void {
    if ([...ledger.runs.values()].some((run) => run.ended === undefined))
      this.count("flush in the middle");
  }

  /** Counts what can be seen only afterwards. */
  close(ledger: Ledger): void {
    this.#siblings(ledger);
    this.#units(ledger.units);
    for (const { kind } of ledger.segments.emissions) this.count(`transaction: ${kind}`);
    this.count("span of an ignored segment, or ignored", ledger.segments.dropped.ignored);
    for (const { fact } of ledger.runs.values()) {
      if (fact.second) this.count("span of a second provider");
      if (fact.recorded && fact.segment?.fate === "ignored") this.count("ignored root");
      if (!fact.recorded) this.count("span that is not recorded");
    }
  }

  #siblings({ runs }: Ledger): void {
    const families = new Map<object, SpanRun[]>();
    for (const run of runs.values()) {
      const { parent } = run.fact;
      if (parent === undefined) continue;
      const family = families.get(parent);
      if (family === undefined) families.set(parent, [run]);
      else family.push(run);
      if (parent.type === "local") this.#generations(runs.get(parent), run);
    }
    // Crowds are alike: a few of them say it all.
    for (const family of families.values()) this.#family(family.slice(0, 20));
  }

  #generations(parent: SpanRun | undefined, child: SpanRun): void {
    const end = parent?.ended ?? Infinity;
    if (end < (child.ended ?? 0)) this.count("child ends after its parent");
    if (end < child.started) this.count("child starts after its parent ended");
    if (end > child.started && end < (child.resumed ?? 0))
      this.count("parent ends before its child first goes on");
  }

  #family(family: readonly SpanRun[]): void {
    for (const [index, run] of family.entries()) {
      const before = family[index - 1];
      if (before === undefined) continue;
      this.count(
        before.stretch === run.stretch ? "siblings start at once" : "siblings start apart",
      );
      if ((before.ended ?? Infinity) < run.started)
        this.count("sibling starts after a sibling ended");
    }
    const ends = family.map((run) => run.ended ?? Infinity);
    const areTogether = Math.min(...ends) > Math.max(...family.map((run) => run.started));
    if (family.length >= 3 && areTogether) this.count(`first to start ends ${rankOfFirst(ends)}`);
  }

  #units(units: ReadonlyMap<UnitFact, Cell>): void {
    const forksOf = new Map<UnitFact, Cell[]>();
    for (const [unit, cell] of units) {
      if (cell.forks.some((fork) => cell.writes.some((write) => write > fork)))
        this.count("write in a unit after it was forked");
      if (unit.parent === undefined || cell.writes.length === 0) continue;
      this.count("write in a fork");
      const forks = forksOf.get(unit.parent) ?? [];
      if (forks.some((other) => areConcurrent(cell, other)))
        this.count("two forks of one unit written concurrently");
      forksOf.set(unit.parent, [...forks.slice(-10), cell]);
    }
  }
}

function areConcurrent(one: Cell, other: Cell): boolean {
  return (one.writes.at(-1) ?? 0) > other.since && (other.writes.at(-1) ?? 0) > one.since;
}

function rankOfFirst(ends: readonly number[]): "between" | "first" | "last" {
  const rank = ends.filter((end) => end < (ends[0] ?? 0)).length;
  if (rank === 0) return "first";
  return rank === ends.length - 1 ? "last" : "between";
}
