// A tolerant reader of the JSON found in telemetry: complete or cut off, several values in one text, and similar
// notations, such as those of Python and of Node's `util.inspect`. It never fails: characters that it cannot read are
// skipped. It reads each character once, so its time is linear.

import {
  unquotedValue,
  closingQuote,
  isContainer,
  nodeOf,
  objectOf,
  unescaped,
} from "./loose-node.js";
import type { LooseProperty, LooseNode, MutableNode } from "./loose-node.js";
import { FILTERED } from "./secret-words.js";

/** Containers that are nested deeper are read as empty objects. */
const MAX_DEPTH = 64;

// A value without quotes ends at a separator or before the next property: `{ user:me password:x }`.
const BARE = /(?:(?![,{}[\]\n\r]|\s{1,8}["']?[\w.$-]{1,64}["']?\s{0,2}[:=])[^])*/y;
const BARE_NAME = /:?[\w.$@/-]+/y;
const ASSIGNMENT = /\s*(?:\/\*[^*]{0,256}\*\/\s*)?(?::|=>)/y;
// A comment before a string, unless the string is the name of the next property: `{ url: //host\n"name": 1 }`.
const COMMENT =
  /(?:\/\*[^*]{0,256}\*\/|\/\/[^\n]{0,256}\n)\s{0,64}(?=(["'\x60])(?:(?!\1)[^\\\n]|\\.){0,1024}\1\s{0,8}(?![\s:]))/y;
const BARE_ASSIGNMENT = /\s{0,8}(?::|=>|=(?!=))/y;
const ESCAPED_QUOTE = /\\+["'`]/y;
const SPACES = /[ \t]{0,8}/y;
const GLUED = /[\w$@!%#^*~-]+/y;
const PREFIX = /[a-z]{1,3}(?=["'])/iy;

/** The content of an object or array: properties, and items, which have no name. */
interface Content {
  readonly properties: LooseProperty[];
  readonly items: LooseNode[];
}

/** Returns the values in a text, in order: containers, quoted strings, and properties outside of containers. */
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
    while (this.#at < this.#text.length) {
      const { properties, items } = this.#content();
      for (const property of properties)
        if (!property.isBare || isContainer(property.node))
          found.push(objectOf([property], property.node));
      found.push(...items.filter((item) => item.isQuoted || isContainer(item)));
      // An unmatched closing bracket is skipped.
      this.#at += 1;
    }
    return found.toSorted(byStart);
  }

  // Reads up to a closing bracket of either kind: in texts that were cut off or written by hand, brackets do not always
  // match.
  #content(): Content {
    const content: Content = { properties: [], items: [] };
    while (this.#skipSeparators() < this.#text.length) {
      const before = this.#at;
      const code = this.#text.charCodeAt(before);
      if (code === CLOSING_BRACE || code === CLOSING_BRACKET) break;
      this.#entry(content);
      // Nothing was read. Skip the character, so that the loop makes progress.
      if (this.#at === before) this.#at += 1;
    }
    return content;
  }

  // Reads a property if a name and an assignment follow, else a value.
  #entry({ properties, items }: Content): void {
    const start = this.#at;
    const quote = this.#quote();
    if (quote !== "") {
      const text = this.#quoted(quote);
      if (this.#matches(ASSIGNMENT)) properties.push(this.#property(String(text.value), quote));
      else items.push(text);
      return;
    }
    if (this.#matches(BARE_NAME)) {
      const name = this.#text.slice(start, this.#at);
      if (this.#matches(BARE_ASSIGNMENT)) {
        properties.push(this.#property(name, ""));
        return;
      }
    }
    this.#at = start;
    // Outside of containers, the words before a bracket are text.
    items.push(this.#value(this.#depth > 0));
  }

  #property(name: string, quote: string): LooseProperty {
    const node = this.#assigned();
    if (!node.isQuoted) node.quote = quote;
    return { name, node, isBare: quote === "" };
  }

  // Returns the quotation mark at the current position, with the backslashes before it.
  #quote(): string {
    const character = this.#text.charAt(this.#at);
    if (character === '"' || character === "'" || character === "`") return character;
    if (character !== "\\") return "";
    ESCAPED_QUOTE.lastIndex = this.#at;
    return ESCAPED_QUOTE.exec(this.#text)?.[0] ?? "";
  }

  #assigned(): MutableNode {
    while (isSpace(this.#text.charCodeAt(this.#at))) this.#at += 1;
    if (this.#text.charAt(this.#at) === "/") this.#matches(COMMENT);
    const node = this.#value(true);
    if (node.isQuoted) this.#extend(node);
    return node;
  }

  // What touches a string continues it, and so does another string: `"a""b"`, `"a" "b"`. A name begins the next property.
  #extend(node: MutableNode): void {
    for (;;) {
      const end = this.#at;
      const more = this.#continuation();
      if (more === "" || this.#matches(ASSIGNMENT)) {
        this.#at = end;
        return;
      }
      node.end = this.#at;
      node.value = `${String(node.value)}${more}`;
    }
  }

  #continuation(): string {
    const start = this.#at;
    if (this.#matches(GLUED)) return this.#text.slice(start, this.#at);
    this.#matches(SPACES);
    const quote = this.#quote();
    // An empty string continues nothing visible, but what follows it does.
    return quote === "" ? "" : String(this.#quoted(quote).value) || " ";
  }

  // `hasWords` is true if the words before a bracket belong to the value: `User { … }`.
  #value(hasWords: boolean): MutableNode {
    const quote = this.#quote();
    if (quote !== "") return this.#quoted(quote);
    const character = this.#text.charAt(this.#at);
    const isHidden = character === "[" && this.#text.startsWith(FILTERED, this.#at);
    if ((character === "{" || character === "[") && !isHidden) return this.#container(character);
    return isHidden ? this.#hidden() : this.#bare(hasWords);
  }

  // A value that was filtered earlier stays as it is.
  #hidden(): MutableNode {
    const start = this.#at;
    this.#at += FILTERED.length;
    return nodeOf({ start, end: this.#at }, FILTERED);
  }

  #bare(hasWords: boolean): MutableNode {
    const start = this.#at;
    // `b'…'` is one value.
    if (this.#matches(PREFIX)) return this.#quoted(this.#quote());
    BARE.lastIndex = start;
    const bare = BARE.exec(this.#text)?.[0] ?? "";
    this.#at = start + bare.length;
    const next = this.#text.charAt(this.#at);
    if (bare !== "" && (next === "{" || next === "[")) {
      const container = this.#container(next);
      if (hasWords) container.start = start;
      return container;
    }
    const trimmed = bare.trimEnd();
    return nodeOf({ start, end: start + trimmed.length }, unquotedValue(trimmed));
  }

  #quoted(quote: string): MutableNode {
    const start = this.#at;
    const from = start + quote.length;
    const close = closingQuote(this.#text, from, quote);
    const inner = this.#text.slice(from, close === -1 ? undefined : close);
    this.#at = close === -1 ? this.#text.length : close + quote.length;
    const node = nodeOf({ start, end: this.#at }, unescaped(inner, quote));
    node.quote = quote;
    node.isQuoted = true;
    return node;
  }

  #container(open: string): MutableNode {
    const start = this.#at;
    if (this.#depth >= MAX_DEPTH) return this.#skipContainer(start);
    this.#depth += 1;
    this.#at += 1;
    const { properties, items } = this.#content();
    this.#at = Math.min(this.#at + 1, this.#text.length);
    this.#depth -= 1;
    const extent = { start, end: this.#at };
    if (open === "{" || properties.length > 0)
      return objectOf([...properties, ...items.map(numbered)], extent);
    const values = items.map(({ value }) => value);
    const node = nodeOf(extent, values);
    node.items = items;
    return node;
  }

  #skipContainer(start: number): MutableNode {
    let open = 0;
    for (; this.#at < this.#text.length; this.#at++) {
      const character = this.#text.charAt(this.#at);
      if (character === "{" || character === "[") open += 1;
      else if (character === "}" || character === "]") open -= 1;
      else if (character === '"') this.#at = this.#quoted(character).end - 1;
      if (open === 0) break;
    }
    this.#at = Math.min(this.#at + 1, this.#text.length);
    return nodeOf({ start, end: this.#at }, {});
  }

  #skipSeparators(): number {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (!isSpace(code) && code !== COMMA && code !== SEMICOLON) return this.#at;
      this.#at += 1;
    }
  }

  #matches(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at;
    if (!pattern.test(this.#text)) return false;
    this.#at = pattern.lastIndex;
    return true;
  }
}

const COMMA = 0x2c;
const SEMICOLON = 0x3b;
const CLOSING_BRACKET = 0x5d;
const CLOSING_BRACE = 0x7d;

function isSpace(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d) || code === 0xa0 || code === 0xfeff;
}

function byStart(a: LooseNode, b: LooseNode): number {
  return a.start - b.start;
}

// Gives elements of an array their index as name: Node prints an array with extra properties as a list that also has
// named entries.
function numbered(node: LooseNode, index: number): LooseProperty {
  return { name: String(index), node, isBare: true };
}
