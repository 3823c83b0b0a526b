/**
 * The text of the last value it was asked for. Spans that end one after another have most of their
 * values in common, and a text that is at hand spares its building, its escaping and its garbage.
 */
export class LastText<Value> {
  readonly #build: (value: Value) => string;
  #value: Value | undefined = undefined;
  #text: string | undefined = undefined;

  constructor(build: (value: Value) => string) {
    this.#build = build;
  }

  of(value: Value): string {
    if (this.#text === undefined || value !== this.#value) {
      this.#value = value;
      this.#text = flat(this.#build(value));
    }
    return this.#text;
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
