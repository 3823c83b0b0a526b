import type { EncodedHead } from "./encoded-head.js";

const SECONDS_PER_DAY = 86_400;

// Relay answers 200 and drops a transaction that started more than five days ago, or ends more than a
// minute ahead. A day is left for the way: what is spooled for longer expires in time.
const MAX_AGE_SECONDS = 4 * SECONDS_PER_DAY;
const MAX_AHEAD_SECONDS = 30;

/**
 * The head with times that Relay takes. A start or end before the window, or ahead of the clock, is moved
 * to its bound; the true times are kept in the data as `otel_sentry_bridge.original_start` and
 * `otel_sentry_bridge.original_end` (ISO 8601, UTC). Child spans keep their times: Relay takes any.
 */
export function headInWindow(head: EncodedHead, nowMillis: number): EncodedHead {
  const now = nowMillis / 1000;
  const earliest = now - MAX_AGE_SECONDS;
  const isAhead = head.end > now + MAX_AHEAD_SECONDS;
  if (head.start >= earliest && !isAhead) return head;
  const end = Math.max(isAhead ? now : head.end, earliest);
  const start = Math.min(Math.max(head.start, earliest), end);
  const moved = originalMember("start", head.start, start) + originalMember("end", head.end, end);
  return {
    ...head,
    start,
    end,
    times: `,"start_timestamp":${start.toFixed(6)},"timestamp":${end.toFixed(6)}`,
    // It ends with the brace of `data`, which is never empty.
    traceContext: `${head.traceContext.slice(0, -1)}${moved}}`,
  };
}

function originalMember(name: string, original: number, sent: number): string {
  if (original === sent) return "";
  const text = new Date(original * 1000).toISOString();
  return `,"otel_sentry_bridge.original_${name}":"${text}"`;
}
