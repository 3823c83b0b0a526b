const MARK = "...";

/** A text as Sentry can store it: lone surrogates and NUL, which Postgres refuses, become U+FFFD. */
export function storable(text: string): string {
  const whole = text.toWellFormed();
  // Asked first, since texts of spans come here. `replaceAll` takes seven times as long for a text of many NULs.
  return whole.includes("\0") ? whole.split("\0").join("\uFFFD") : whole;
}

/** The first `max` UTF-16 units of a text at most, well-formed: no surrogate pair is cut in two. */
export function cut(text: string, max: number): string {
  if (text.length <= max) return storable(text);
  const isPairCut = isHighSurrogate(text.charCodeAt(max - 1));
  return storable(text.slice(0, Math.max(0, isPairCut ? max - 1 : max)));
}

/** Cuts a text like `cut`, and ends it with `...` where something was cut off; the mark counts among the `max` units. */
export function clip(text: string, max: number): string {
  if (text.length <= max || max <= MARK.length) return cut(text, max);
  return cut(text, max - MARK.length) + MARK;
}

/** As much of a text as takes at most `max` bytes in UTF-8, well-formed. */
export function cutBytes(text: string, max: number): string {
  let head = cut(text, max);
  // Each character that goes frees one byte at least.
  while (Buffer.byteLength(head) > max) {
    const excess = Buffer.byteLength(head) - max;
    head = cut(head, head.length - Math.max(1, Math.floor(excess / 3)));
  }
  return head;
}

/** A long text by its length and `max` characters of each end, for a digest; a short one as it is. */
export function endsOf(text: string, max: number): string {
  return text.length <= 2 * max ? text : `${text.length}:${text.slice(0, max)}${text.slice(-max)}`;
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd8_00 && code <= 0xdb_ff;
}
