import type { Context } from "@opentelemetry/api";

import { readContextScopes, unitOfSpan } from "../context/scope-context.js";
import { LAYER_KEYS } from "../semantics/framework.js";
import { SPAN_KIND } from "../trace/span.js";
import type { FinishedSpan, HighResolutionTime, StartedSpan } from "../trace/span.js";
import type { Unit } from "../scope/unit.js";
import { redactedText } from "../privacy/redacted.js";
import { printable } from "../support/terminal-text.js";
import { clip, textOf } from "../support/text.js";
import type { Evidence } from "./finding.js";

/** Spans of which each started right after the one before, as its first child. */
interface Staircase {
  readonly first: SpanFacts;
  length: number;
  /** How many of them ended after their parent. */
  outlived: number;
  hasOneName: boolean;
  isReported: boolean;
}

/** Spans that are open although their request or job has ended. Does not refer to them: they may never end. */
export interface Unfinished {
  quantity: number;
  /** The span of the request or job: its name, and as evidence. */
  readonly entry: Evidence;
  readonly since: number;
  /** The one that has started last; undefined if it has ended. */
  last: { readonly tracer: string; readonly evidence: Evidence } | undefined;
}

/** Counts below the span of a request or job. A separate object, because only their spans need it. */
class Below {
  /** Spans that have started, at any depth, but not the layers of a web framework before all others. */
  children = 0;
  /** True until a child starts, which may also be a request or job, that is no layer of a web framework before all others. */
  isIdle = true;
  /** Those that are open. */
  open = 0;
  /** The one that has started last. */
  last: StartedSpan | undefined = undefined;
  unfinished: Unfinished | undefined = undefined;
  /** Its index in the list of those that are watched and open; -1 before. */
  place = -1;
}

/** The doctor's data on a span. Kept on the span itself, so that it is collected with it. */
export class SpanFacts {
  readonly span: StartedSpan;
  readonly unit: UnitFacts;
  /** The span of the request, message or job that it belongs to. */
  readonly entry: SpanFacts;
  hasEnded: boolean = false;
  /** Its parent in this process, until it ends: ended spans must not keep their ancestors alive. */
  above: SpanFacts | undefined;
  hasChild: boolean = false;
  /** True if it is the first child of its parent, and had no data of its own when it started. */
  isFirst: boolean = false;
  /** A context of its unit in which a child has started, until it ends. */
  checked: Context | undefined = undefined;
  /** Undefined for a span below that of a request or job. */
  readonly below: Below | undefined;
  /** Spans that started below it after it had ended. */
  lateChildren: number = 0;
  /** SERVER spans that started below it. */
  servers: number = 0;
  stairs: Staircase | undefined = undefined;

  /** Shared by its open children that have no data of their own. */
  openChildren: Children | undefined = undefined;
  /** Shared by those that have ended. */
  endedChildren: Children | undefined = undefined;

  constructor(span: StartedSpan, unit: UnitFacts, parent: Children | SpanFacts | undefined) {
    this.span = span;
    this.unit = unit;
    this.above = parent instanceof SpanFacts ? parent : undefined;
    const isFirst = parent === undefined || isEntry(span);
    this.entry = isFirst ? this : parent.entry;
    this.below = isFirst ? new Below() : undefined;
  }

  /** Start of the span in milliseconds since 1970. Not a field, because V8 stores a number with a fraction as an object. */
  get startedAt(): number {
    return millisOf((this.span as Partial<FinishedSpan>).startTime);
  }

  /** End in milliseconds since 1970; 0 while it is open. */
  get endedAt(): number {
    return this.hasEnded ? millisOf((this.span as Partial<FinishedSpan>).endTime) : 0;
  }
}

/** The common data of one span's children that have none of their own. Unlike their parent's data, it cannot be taken for theirs. */
class Children {
  readonly entry: SpanFacts;
  readonly unit: UnitFacts;
  /** Their parent; undefined for those that have ended, because ended spans must not keep their ancestors alive. */
  readonly above: SpanFacts | undefined;
  /** True for the first child alone. */
  readonly isFirst: boolean;

  constructor({ entry, unit }: SpanFacts, above?: SpanFacts, isFirst: boolean = false) {
    this.entry = entry;
    this.unit = unit;
    this.above = above;
    this.isFirst = isFirst;
  }
}

/** The doctor's data on a unit of work. */
export class UnitFacts {
  /** The first span of the unit. */
  root: SpanFacts | undefined = undefined;
  /** True if the unit was created for its root and ends with it. */
  isOwned: boolean = false;
  /** Requests and messages that are open in it. */
  entries: number = 0;
  lateWrites: number = 0;
  /** Errors that were captured in it after its end. */
  lateCaptures: number = 0;
  /** How often a request that is open has set another user than before. */
  userChanges: number = 0;
  /** Who wrote each key last, and what. */
  writers: Map<string, { readonly entry: SpanFacts; readonly value: unknown }> | undefined =
    undefined;

  /** End of its root in milliseconds since 1970; 0 before, and for a unit whose end is not known. */
  get overAt(): number {
    return this.isOwned ? (this.root?.endedAt ?? 0) : 0;
  }
}

const SLOT = Symbol("otel-sentry-bridge.doctor");

interface Slots {
  [SLOT]?: unknown;
}

/** Tells whether anything is known about a span. */
export function isKnown(span: object): boolean {
  return (span as Slots)[SLOT] !== undefined;
}

/** Returns what is known about a span. Creates it for a span that had no data of its own. */
export function factsOfSpan(span: object): SpanFacts | undefined {
  const known = (span as Slots)[SLOT] as Children | SpanFacts | undefined;
  // Not by comparing spans: the active one may be a proxy of the one that has started.
  if (known === undefined || known instanceof SpanFacts) return known;
  const facts = new SpanFacts(span as StartedSpan, known.unit, known.above ?? known);
  facts.hasEnded = known.above === undefined;
  facts.isFirst = known.isFirst;
  keepFacts(facts);
  return facts;
}

/**
 * Keeps a reference to the parent's data on a span instead of data of its own, which most spans never need: an allocation takes more
 * than all rules together.
 */
export function keepAsChild(span: object, above: SpanFacts): void {
  (span as Slots)[SLOT] = above.hasChild
    ? (above.openChildren ??= new Children(above, above))
    : new Children(above, above, true);
  above.hasChild = true;
}

/** Marks a span without data of its own as ended, and returns its parent's data; undefined for another span. */
export function endAsChild(span: object): SpanFacts | undefined {
  const known = (span as Slots)[SLOT];
  if (!(known instanceof Children) || known.above === undefined) return undefined;
  const { above } = known;
  (span as Slots)[SLOT] = above.endedChildren ??= new Children(above);
  return above;
}

/** Keeps what is known about a span on it. */
export function keepFacts(facts: SpanFacts): void {
  (facts.span as Slots)[SLOT] = facts;
}

/** Returns what is known about the unit that an isolation scope belongs to. */
export function unitOfScope(scope: object): UnitFacts | undefined {
  return (scope as Slots)[SLOT] as UnitFacts | undefined;
}

/** Returns what is known about a unit of work, which is kept on its isolation scope. */
export function factsOfUnit({ isolation }: Unit): UnitFacts {
  const slots = isolation as Slots;
  return (slots[SLOT] ??= new UnitFacts()) as UnitFacts;
}

/** Tells whether a span is that of a request or message. */
export function isEntry({ kind }: StartedSpan): boolean {
  return kind === SPAN_KIND.SERVER || kind === SPAN_KIND.CONSUMER;
}

/** Tells whether a span measures a layer of a web framework, such as a middleware: each request has those of its route. */
export function isLayer({ kind, attributes }: StartedSpan): boolean {
  return kind === SPAN_KIND.INTERNAL && LAYER_KEYS.some((key) => attributes[key] !== undefined);
}

/** Tells whether the span of a request or job has no child but layers of its framework: others may have done its work. */
export function isIdle({ below }: SpanFacts): boolean {
  return below?.isIdle === true;
}

/** Tells whether a span was set in a context of another unit: neither unit descends from the other. */
export function isOfOtherUnit(above: SpanFacts, ctx: Context): boolean {
  const own = readContextScopes(ctx)?.unit;
  if (own === undefined) return false;
  const unit = unitOfSpan(above.span);
  if (unit === undefined || own === unit) return false;
  return !own.isWithin(unit) && !unit.isWithin(own);
}

// Bounds the memory that keys take: names may be long, and there may be many.
const MAX_NAME_CHARACTERS = 200;

/** Returns the name of a span as a key of bounded length. A long one is copied: a part of a string keeps all of it in memory. */
export function nameKey({ name }: StartedSpan): string {
  return boundedName(textOf(name));
}

function boundedName(text: string): string {
  return text.length <= MAX_NAME_CHARACTERS
    ? text
    : Buffer.from(clip(text, MAX_NAME_CHARACTERS)).toString();
}

/** Returns the name of a span for a report: without secrets, and without characters that control a terminal. */
export function nameOf(span: StartedSpan): string {
  return reportName(textOf(span.name));
}

/** Returns a name that the application has chosen for a report: without secrets, and without characters that control a terminal. */
export function reportName(name: string): string {
  return printable(redactedText(boundedName(name)));
}

/** Returns a span as evidence. `at` is its call site. */
export function spanEvidence({ span, startedAt, endedAt }: SpanFacts, at?: string): Evidence {
  const { spanId, traceId } = span.spanContext();
  return {
    kind: "span",
    name: nameOf(span),
    id: spanId,
    traceId,
    startMillis: startedAt,
    endMillis: endedAt === 0 ? undefined : endedAt,
    at,
  };
}

/** Returns a time of a span in milliseconds since 1970; the current time for a span that has none. */
export function millisOf(time: HighResolutionTime | undefined): number {
  return time === undefined ? Date.now() : time[0] * 1000 + time[1] / 1e6;
}

/** Tells whether one tracer made both spans. */
export function haveOneTracer(one: object, other: object): boolean {
  return (one as Traced).instrumentationScope === (other as Traced).instrumentationScope;
}

interface Traced {
  readonly instrumentationScope?: { readonly name?: unknown };
}

/** Returns the name of the tracer that made a span. */
export function tracerOf(span: object): string {
  return clip(textOf((span as Traced).instrumentationScope?.name ?? ""), MAX_NAME_CHARACTERS);
}
