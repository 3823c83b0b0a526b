// Syntax-tree nodes of the lenient JSON reader in `loose-json`.

/** A value in a text. */
export interface LooseNode {
  /** Offset of the value's first character in the text. */
  readonly start: number;
  /** Offset after its last character. */
  readonly end: number;
  readonly value: unknown;
  /**
   * The quotation mark of a string, preceded by backslashes if the JSON as a whole is escaped. For other values, the
   * quotation mark of their name; "" if it has none.
   */
  readonly quote: string;
  readonly isQuoted: boolean;
  readonly properties: readonly LooseProperty[] | undefined;
  readonly items: readonly LooseNode[] | undefined;
}

/** A property of an object. */
export interface LooseProperty {
  readonly name: string;
  readonly node: LooseNode;
  /** True if the name has no quotation marks. */
  readonly isBare: boolean;
}

/** A node while it is being read. */
export type MutableNode = { -readonly [Key in keyof LooseNode]: LooseNode[Key] };

interface Extent {
  readonly start: number;
  readonly end: number;
}

/**
 * Creates a node. All nodes have the same properties in the same order (one hidden class in V8), because a text may
 * have thousands of them.
 */
export function nodeOf({ start, end }: Extent, value: unknown): MutableNode {
  return { start, end, value, quote: "", isQuoted: false, properties: undefined, items: undefined };
}

/** Creates the node of an object. */
export function objectOf(properties: readonly LooseProperty[], extent: Extent): MutableNode {
  const value: Record<string, unknown> = {};
  for (const { name, node } of properties) {
    if (name === "__proto__") Object.defineProperty(value, name, { ...OWN, value: node.value });
    else value[name] = node.value;
  }
  const node = nodeOf(extent, value);
  node.properties = properties;
  return node;
}

const OWN = { configurable: true, enumerable: true, writable: true } as const;

/** Tells whether a node is an object or a list. */
export function isContainer({ properties, items }: LooseNode): boolean {
  return properties !== undefined || items !== undefined;
}

/** Parses an unquoted value: a boolean, null, a number, or otherwise a string. */
export function unquotedValue(text: string): unknown {
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
 * Returns the offset at which a quoted string ends: that of its closing mark, or of the backslashes before it if the
 * JSON as a whole is escaped; -1 if it is not closed. `from` is the offset after the opening mark.
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

// Returns undefined if the text is not valid JSON: it was cut off, or escaped by the rules of another language.
function jsonText(inner: string): string | undefined {
  if (!inner.includes("\\")) return inner;
  try {
    return JSON.parse(`"${inner}"`) as string;
  } catch {
    return undefined;
  }
}

/** Unescapes the content of a quoted string, as many times as the JSON as a whole was escaped. */
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
