const NEW_LINE = 0x0a;

// What their payloads hold is no business of the envelope.
const OPAQUE: ReadonlySet<unknown> = new Set(["attachment"]);

/**
 * Tells whether all items behind an envelope's header can be read: a server refuses the whole envelope for one that
 * cannot. https://develop.sentry.dev/sdk/foundations/envelopes/
 */
export function areItemsReadable(body: Buffer, start: number): boolean {
  let at = start;
  while (at < body.length) {
    const next = endOfItem(body, at);
    if (next === undefined) return false;
    at = next;
  }
  return true;
}

function endOfItem(body: Buffer, start: number): number | undefined {
  const headerEnd = lineEnd(body, start);
  const header = parseJson(body.subarray(start, headerEnd));
  if (typeof header !== "object" || header === null || !("type" in header)) return undefined;
  const length = "length" in header ? header.length : undefined;
  const payloadStart = Math.min(headerEnd + 1, body.length);
  const end = typeof length === "number" ? payloadStart + length : lineEnd(body, payloadStart);
  const isFramed = end <= body.length && (end === body.length || body[end] === NEW_LINE);
  if (!isFramed) return undefined;
  const isReadable = OPAQUE.has(header.type) || isJson(body.subarray(payloadStart, end));
  return isReadable ? end + 1 : undefined;
}

function lineEnd(body: Buffer, start: number): number {
  const end = body.indexOf(NEW_LINE, start);
  return end < 0 ? body.length : end;
}

function isJson(text: Buffer): boolean {
  return parseJson(text) !== undefined;
}

function parseJson(text: Buffer): unknown {
  try {
    return JSON.parse(text.toString("utf8"));
  } catch {
    return undefined;
  }
}
