import { createHash } from "node:crypto";

const TRACE_ID = /^(?!0+$)[0-9a-f]{32}$/;
const SPAN_ID = /^(?!0+$)[0-9a-f]{16}$/;

/** A trace id that Relay accepts: the given one, or one that is derived from it. */
export function validTraceId(id: string): string {
  return TRACE_ID.test(id) ? id : derivedId(id, 32);
}

/** A span id that Relay accepts: the given one, or one that is derived from it. */
export function validSpanId(id: string): string {
  return SPAN_ID.test(id) ? id : derivedId(id, 16);
}

// Derived, not random: a parent and the children that name it get the same id, on either side of a
// partial flush. Upper-case hex, as some id generators write it, is only lowered.
function derivedId(id: unknown, length: 16 | 32): string {
  const lowered = String(id).toLowerCase();
  const pattern = length === 32 ? TRACE_ID : SPAN_ID;
  if (pattern.test(lowered)) return lowered;
  return createHash("sha256").update(lowered).digest("hex").slice(0, length);
}
