// The values that `loose-json` reads: their nodes, and the texts between quotation marks.

/** A value within a text. */
export interface LooseNode {
  /** Where it begins and ends in the text. */
  readonly start: number;
  readonly end: number;
  readonly value: unknown;
  /**
   * The quotation mark of a text, with the backslashes before it where the whole JSON is escaped. Of other
   * values the one of their name; empty where that has none.
   */
  readonly quote: string;
  readonly isQuoted: boolean;
  readonly members: readonly LooseMember[] | undefined;
  readonly items: readonly LooseNode[] | undefined;
}

/** A member of an object. */
export interface LooseMember {
  readonly name: string;
  readonly node: LooseNode;
  /** True where the name is written without quotation marks. */
  readonly isBare: boolean;
}

export type MutableNode = { -readonly [Key in keyof LooseNode]: LooseNode[Key] };

interface Extent {
  readonly start: number;
  readonly end: number;
}

// All nodes have one shape: there are thousands of them in a text.
export function nodeOf({ start, end }: Extent, value: unknown): MutableNode {
  return { start, end, value, quote: "", isQuoted: false, members: undefined, items: undefined };
}

export function objectOf(members: readonly LooseMember[], extent: Extent): MutableNode {
  const value: Record<string, unknown> = {};
  for (const { name, node } of members) {
    if (name === "__proto__") Object.defineProperty(value, name, { ...OWN, value: node.value });
    else value[name] = node.value;
  }
  const node = nodeOf(extent, value);
  node.members = members;
  return node;
}

const OWN = { configurable: true, enumerable: true, writable: true } as const;

export function isContainer({ members, items }: LooseNode): boolean {
  return members !== undefined || items !== undefined;
}

export function bareValue(text: string): unknown {
  switch (text) {
    case "true":
      return true;
    case "false":
      return false;
    case "null":
    case "undefined":
      return null;
    default:
      return text !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
  }
}

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
