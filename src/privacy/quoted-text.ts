// Texts between quotation marks. A mark may have backslashes before it, where JSON as a whole was escaped.

/**
 * Returns where the quotation ends that began with this mark, before its mark and the backslashes that belong to it; -1
 * where it is not closed.
 */
export function closingQuote(text: string, from: number, quote: string): number {
  const mark = quote.charAt(quote.length - 1);
  const level = quote.length - 1;
  let at = text.indexOf(mark, from);
  while (at !== -1) {
    let escapes = 0;
    while (at - escapes > from && text.charAt(at - escapes - 1) === "\\") escapes += 1;
    if (level === 0 ? escapes % 2 === 0 : escapes <= level) return at - Math.min(escapes, level);
    at = text.indexOf(mark, at + 1);
  }
  return -1;
}

const ESCAPE = /\\(u[\da-f]{4}|x[\da-f]{2}|[^]?)/gi;
const CONTROLS: Readonly<Record<string, string | undefined>> = {
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};

// What was cut off or escaped by another language is no JSON.
function jsonText(inner: string): string | undefined {
  if (!inner.includes("\\")) return inner;
  try {
    return JSON.parse(`"${inner}"`) as string;
  } catch {
    return undefined;
  }
}

/** Returns what a quoted text says: once more unescaped for each time that the JSON as a whole was escaped. */
export function unescaped(text: string, quote: string): string {
  const parsed = quote === '"' ? jsonText(text) : undefined;
  if (parsed !== undefined) return parsed;
  let plain = text;
  for (let level = quote.length; level > 0 && plain.includes("\\"); level >>= 1) {
    plain = plain.replace(ESCAPE, (_all, escape: string) =>
      escape.length > 1
        ? String.fromCharCode(Number.parseInt(escape.slice(1), 16))
        : (CONTROLS[escape] ?? escape),
    );
  }
  return plain;
}
