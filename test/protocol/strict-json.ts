const [QUOTE, BACKSLASH, COLON] = [0x22, 0x5c, 0x3a];
const OPENING: ReadonlySet<number> = new Set([0x7b, 0x5b]);
const CLOSING: ReadonlySet<number> = new Set([0x7d, 0x5d]);

/** Returns the duplicate keys of all objects in a JSON text. */
export function repeatedKeys(json: string): string[] {
  const repeated: string[] = [];
  const open: Set<string>[] = [];
  let [start, end] = [0, 0];
  for (let at = 0; at < json.length; at++) {
    const sign = json.charCodeAt(at);
    if (sign === QUOTE) {
      [start, end] = [at, endOfString(json, at)];
      at = end;
    } else if (sign === COLON) {
      const key = textOf(json.slice(start + 1, end));
      if (open.at(-1)?.has(key) === true) repeated.push(key);
      open.at(-1)?.add(key);
    } else if (OPENING.has(sign)) open.push(new Set());
    else if (CLOSING.has(sign)) open.pop();
  }
  return repeated;
}

// Unescaped, so that two spellings of a key are equal.
function textOf(literal: string): string {
  return literal.includes("\\") ? String(JSON.parse(`"${literal}"`)) : literal;
}

// By hand: a regular expression runs out of stack for texts of megabytes.
function endOfString(json: string, start: number): number {
  for (let end = json.indexOf('"', start + 1); end !== -1; end = json.indexOf('"', end + 1)) {
    let escapes = 0;
    while (json.charCodeAt(end - 1 - escapes) === BACKSLASH) escapes++;
    if (escapes % 2 === 0) return end;
  }
  return json.length;
}

/** Returns the strings and keys of a parsed value that are not well-formed: Relay rejects lone surrogates. */
export function illFormedTexts(value: unknown): string[] {
  const found: string[] = [];
  collectIllFormed(value, found);
  return found;
}

function collectIllFormed(value: unknown, found: string[]): void {
  if (typeof value === "string") {
    if (!value.isWellFormed()) found.push(value);
  } else if (Array.isArray(value)) {
    for (const field of value) collectIllFormed(field, found);
  } else if (typeof value === "object" && value !== null) {
    for (const [key, field] of Object.entries(value)) {
      collectIllFormed(key, found);
      collectIllFormed(field, found);
    }
  }
}
