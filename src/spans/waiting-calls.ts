import type { CallSearch } from "../client/capture-input.js";
import type { TransactionSpan } from "../protocol/events.js";
import type { Unit } from "../scope/unit.js";
import { attempt } from "../support/foreign.js";
import type { Segment } from "./segment.js";

// How the encoder begins a span.
const BEGINNING = '{"span_id":"';
const ID_LENGTH = 16;
const TIME = ',"timestamp":';
const CLIENT = '"otel.kind":"CLIENT"';

/** Longer texts are parsed for each error, so that the parsed spans that are kept stay small. */
const MAX_REMEMBERED_LENGTH = 4096;

// The spans of the latest search, by text: the errors of a failing request read the same spans, and parsing a hundred takes
// 0.2 ms.
let latest: ReadonlyMap<string, TransactionSpan> = new Map();

/**
 * Returns the newest finished client spans that are buffered in the segment, or were sent while its root was open, and belong
 * to the call path of a unit, oldest first. Reads the encoded spans from the end, and parses no more of them than it returns: an error is captured within a
 * request, whose segment may hold a thousand spans. Later searches may return the same objects.
 */
export function waitingCalls(segment: Segment, search: CallSearch): TransactionSpan[] {
  const found: TransactionSpan[] = [];
  const parsed = new Map<string, TransactionSpan>();
  for (const text of fromNewest(segment)) {
    if (found.length >= search.limit) break;
    const known = latest.get(text);
    const end = known?.timestamp ?? endOfClientSpan(text);
    if (end === undefined || !isWanted(text, end, { segment, search })) continue;
    const span = known ?? parsedSpan(text);
    if (span === undefined) continue;
    found.push(span);
    if (text.length <= MAX_REMEMBERED_LENGTH) parsed.set(text, span);
  }
  latest = parsed;
  return found.toReversed();
}

function* fromNewest({ kept, overflow, sentCalls }: Segment): Iterable<string> {
  for (const texts of [overflow?.items, kept?.items, sentCalls]) yield* backwards(texts ?? []);
}

function* backwards(texts: readonly string[]): Iterable<string> {
  for (let at = texts.length - 1; at >= 0; at--) yield texts[at] ?? "";
}

// All but the first span of a chunk begin with a comma.
function parsedSpan(text: string): TransactionSpan | undefined {
  const json = text.startsWith(",") ? text.slice(1) : text;
  return attempt(() => JSON.parse(json) as TransactionSpan, undefined);
}

/** Tells whether an encoded span is a client span. */
export function isClientSpanText(text: string): boolean {
  return text.includes(CLIENT);
}

interface SegmentSearch {
  readonly segment: Segment;
  readonly search: CallSearch;
}

function isWanted(text: string, end: number, { segment, search }: SegmentSearch): boolean {
  if (end > search.untilSeconds) return false;
  const { origin, otherUnits } = segment;
  const unit = otherUnits && unitOf(text, otherUnits);
  return search.unit.comesAfter(unit ?? origin.unit, end * 1000);
}

function unitOf(text: string, units: ReadonlyMap<string, Unit>): Unit | undefined {
  const start = text.indexOf(BEGINNING) + BEGINNING.length;
  return units.get(text.slice(start, start + ID_LENGTH));
}

// In seconds. The times stand in front of the attributes.
function endOfClientSpan(text: string): number | undefined {
  if (!isClientSpanText(text)) return undefined;
  const start = text.indexOf(TIME) + TIME.length;
  return Number.parseFloat(text.slice(start, start + 20));
}
