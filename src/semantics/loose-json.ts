// A reader of JSON as it is found in telemetry: complete or cut off, several values in one text, and the
// look-alikes of other languages and of Node's `util.inspect`. It never fails: what it cannot read is
// skipped. It reads each character once, so its time is linear.

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
  readonly members?: readonly LooseMember[];
  readonly items?: readonly LooseNode[];
}

/** A member of an object. */
export interface LooseMember {
  readonly name: string;
  readonly node: LooseNode;
}

/** Containers that are nested deeper are one empty object each. */
const MAX_DEPTH = 64;

const SPACE = /[\s,;]*/y;
// A value without quotes ends at a separator, or where the next member begins: `{ user:me password:x }`.
const BARE = /(?:(?![,{}[\]\n\r]|\s{1,8}["']?[\w.$-]{1,64}["']?\s{0,2}[:=])[^])*/y;
const BARE_NAME = /:?[\w.$@/-]+/y;
const ASSIGNMENT = /\s*(?::|=>)/y;
const BARE_ASSIGNMENT = /\s{0,8}(?::|=>|=(?!=))/y;
const QUOTE = /\\*["'`]/y;
const PREFIX = /[a-z]{1,3}(?=["'])/iy;

/** Reads the values of a text, one after another. */
export function readLoose(text: string): readonly LooseNode[] {
  const reader = new LooseReader(text);
  return reader.values();
}

class LooseReader {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  values(): readonly LooseNode[] {
    const found: LooseNode[] = [];
    while (this.#skip(SPACE) < this.#text.length) {
      const start = this.#at;
      const node = this.#entry();
      // What is no value, such as a bracket that closes nothing, is skipped: reading ends.
      if (node === undefined || this.#at === start) this.#at = start + 1;
      else found.push("name" in node ? objectOf([node], node.node) : node);
    }
    return found;
  }

  // A member where a name and an assignment stand here, else a value; undefined at a closing bracket.
  #entry(): LooseMember | LooseNode | undefined {
    const start = this.#at;
    const character = this.#text.charAt(start);
    if (character === "}" || character === "]") return undefined;
    const quote = this.#quote();
    if (quote !== "") {
      const name = this.#quoted(quote);
      return this.#matches(ASSIGNMENT) ? this.#member(String(name.value), quote) : name;
    }
    if (this.#matches(BARE_NAME)) {
      const name = this.#text.slice(start, this.#at);
      if (this.#matches(BARE_ASSIGNMENT)) return this.#member(name, "");
    }
    this.#at = start;
    return this.#value();
  }

  #member(name: string, quote: string): LooseMember {
    const node = this.#assigned();
    return { name, node: node.isQuoted ? node : { ...node, quote } };
  }

  // The quotation mark that stands here, with the backslashes before it.
  #quote(): string {
    QUOTE.lastIndex = this.#at;
    return QUOTE.exec(this.#text)?.[0] ?? "";
  }

  #assigned(): LooseNode {
    this.#skip(/\s*/y);
    return this.#value();
  }

  #value(): LooseNode {
    const quote = this.#quote();
    if (quote !== "") return this.#quoted(quote);
    const character = this.#text.charAt(this.#at);
    if (character === "{" || character === "[") return this.#container(character);
    return this.#bare();
  }

  #bare(): LooseNode {
    const start = this.#at;
    // `b'…'` and `User { … }` are one value.
    if (this.#matches(PREFIX)) return this.#quoted(this.#quote());
    BARE.lastIndex = start;
    const bare = BARE.exec(this.#text)?.[0] ?? "";
    this.#at = start + bare.length;
    const next = this.#text.charAt(this.#at);
    if (bare !== "" && (next === "{" || next === "[")) return { ...this.#container(next), start };
    const trimmed = bare.trimEnd();
    const end = start + trimmed.length;
    return { start, end, value: bareValue(trimmed), quote: "", isQuoted: false };
  }

  #quoted(quote: string): LooseNode {
    const start = this.#at;
    const from = start + quote.length;
    const close = closingQuote(this.#text, from, quote);
    const inner = this.#text.slice(from, close === -1 ? undefined : close);
    this.#at = close === -1 ? this.#text.length : close + quote.length;
    return { start, end: this.#at, value: unescaped(inner, quote), quote, isQuoted: true };
  }

  #container(open: string): LooseNode {
    const start = this.#at;
    if (this.#depth >= MAX_DEPTH) return this.#skipContainer(start);
    this.#depth += 1;
    this.#at += 1;
    const items: LooseNode[] = [];
    const members: LooseMember[] = [];
    // Either bracket closes: in what was cut or written by hand they need not match.
    while (this.#skip(SPACE) < this.#text.length) {
      const before = this.#at;
      const entry = this.#entry();
      if (entry === undefined) break;
      if (this.#at === before) this.#at += 1;
      else if ("name" in entry) members.push(entry);
      else items.push(entry);
    }
    this.#at = Math.min(this.#at + 1, this.#text.length);
    this.#depth -= 1;
    const extent = { start, end: this.#at };
    return open === "[" && members.length === 0
      ? { ...extent, value: items.map(({ value }) => value), quote: "", isQuoted: false, items }
      : objectOf([...members, ...items.map(numbered)], extent);
  }

  #skipContainer(start: number): LooseNode {
    let open = 0;
    for (; this.#at < this.#text.length; this.#at++) {
      const character = this.#text.charAt(this.#at);
      if (character === "{" || character === "[") open += 1;
      else if (character === "}" || character === "]") open -= 1;
      else if (character === '"') this.#at = this.#quoted(character).end - 1;
      if (open === 0) break;
    }
    this.#at = Math.min(this.#at + 1, this.#text.length);
    return { start, end: this.#at, value: {}, quote: "", isQuoted: false };
  }

  #skip(pattern: RegExp): number {
    this.#matches(pattern);
    return this.#at;
  }

  #matches(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at;
    if (!pattern.test(this.#text)) return false;
    this.#at = pattern.lastIndex;
    return true;
  }
}

function objectOf(
  members: readonly LooseMember[],
  { start, end }: { readonly start: number; readonly end: number },
): LooseNode {
  const entries = members.map(({ name, node }) => [name, node.value] as const);
  return { start, end, value: Object.fromEntries(entries), quote: "", isQuoted: false, members };
}

// A list with named entries is what Node shows of arrays with properties.
function numbered(node: LooseNode, index: number): LooseMember {
  return { name: String(index), node };
}

function closingQuote(text: string, from: number, quote: string): number {
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

// Once more for each time that the JSON as a whole was escaped.
function unescaped(text: string, quote: string): string {
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

function bareValue(text: string): unknown {
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
