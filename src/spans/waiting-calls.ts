import type { CallSearch } from "../client/capture-input.js";
import type { TransactionSpan } from "../protocol/events.js";
import type { Unit } from "../scope/unit.js";
import { attempt } from "../support/foreign.js";
import type { Chunk } from "./chunk.js";
import type { Segment } from "./segment.js";

// How the encoder begins a span. Quotes within JSON strings are escaped, and an object in an attribute has other fields.
const BEGINNING = ',{"span_id":"';
const ID_LENGTH = 16;
const AFTER_ID = '","trace_id":"';
const TIME = ',"timestamp":';
const CLIENT = '"otel.kind":"CLIENT"';

/**
 * Returns the newest finished client spans that are buffered in the segment and belong to the call path of a unit, oldest
 * first. Reads the encoded spans from the end, and parses no more of them than it returns: an error is captured within a
 * request, whose segment may hold a thousand spans.
 */
export function waitingCalls(segment: Segment, search: CallSearch): TransactionSpan[] {
  const found: TransactionSpan[] = [];
  for (const text of spansFromEnd(segment)) {
    if (found.length >= search.limit) break;
    const span = isWanted(text, segment, search)
      ? attempt(() => JSON.parse(text) as TransactionSpan, undefined)
      : undefined;
    if (span !== undefined) found.push(span);
  }
  return found.toReversed();
}

function* spansFromEnd({ kept, overflow }: Segment): Iterable<string> {
  for (const chunk of [overflow, kept]) if (chunk !== undefined) yield* spansOf(chunk);
}

function* spansOf({ first, rest }: Chunk): Iterable<string> {
  let end = rest.length;
  for (let from = end; from > 0;) {
    const start = rest.lastIndexOf(BEGINNING, from - 1);
    if (start < 0) break;
    from = start;
    if (!rest.startsWith(AFTER_ID, start + BEGINNING.length + ID_LENGTH)) continue;
    yield rest.slice(start + 1, end);
    end = start;
  }
  yield first;
}

function isWanted(text: string, { origin, otherUnits }: Segment, search: CallSearch): boolean {
  if (!text.includes(CLIENT)) return false;
  const seconds = endOf(text);
  if (seconds > search.untilSeconds) return false;
  return search.unit.comesAfter(unitOf(text, otherUnits) ?? origin.unit, seconds * 1000);
}

function unitOf(text: string, units: ReadonlyMap<string, Unit> | undefined): Unit | undefined {
  const start = BEGINNING.length - 1;
  return units?.get(text.slice(start, start + ID_LENGTH));
}

// The times stand in front of the attributes.
function endOf(text: string): number {
  const start = text.indexOf(TIME) + TIME.length;
  return Number.parseFloat(text.slice(start, start + 20));
}
