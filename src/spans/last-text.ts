/**
 * The text of the last values it was asked for. Spans that end one after another have most of their
 * values in common, and a text that is at hand spares its building, its escaping and its garbage.
 */
export class LastText<First, Second = undefined, Third = undefined> {
  readonly #build: (first: First, second: Second, third: Third) => string;
  #first: First | undefined = undefined;
  #second: Second | undefined = undefined;
  #third: Third | undefined = undefined;
  #text: string | undefined = undefined;

  constructor(build: (first: First, second: Second, third: Third) => string) {
    this.#build = build;
  }

  of(first: First, second: Second, third: Third): string {
    const isLast = first === this.#first && second === this.#second && third === this.#third;
    if (isLast && this.#text !== undefined) return this.#text;
    this.#first = first;
    this.#second = second;
    this.#third = third;
    this.#text = flat(this.#build(first, second, third));
    return this.#text;
  }
}

/** Most texts come from a small vocabulary; more distinct ones than this, or longer, are not remembered. */
const MAX_REMEMBERED = 1024;
const MAX_REMEMBERED_LENGTH = 100;

/** Remembers what was built of each of the first texts: names of spans are few, and repeat by turns. */
export class RememberedTexts {
  readonly #build: (text: string) => string;
  readonly #built = new Map<string, string>();

  constructor(build: (text: string) => string) {
    this.#build = build;
  }

  of(text: string): string {
    const known = this.#built.get(text);
    if (known !== undefined) return known;
    const built = flat(this.#build(text));
    if (text.length <= MAX_REMEMBERED_LENGTH && this.#built.size < MAX_REMEMBERED)
      this.#built.set(text, built);
    return built;
  }
}

/**
 * A concatenated string is a tree until it is read, and would be walked again in each text that it
 * becomes a part of. Reading one character makes it flat.
 */
export function flat(text: string): string {
  text.charCodeAt(0);
  return text;
}
