import type { FinishedSpan } from "../trace/span.js";
import type { SpanTemplate } from "./span-template.js";

/** Templates that are made for one span name. */
const MAX_PER_NAME = 32;

/** Names with templates, and templates. Applications have few call sites; further spans are encoded value by value. */
const MAX_NAMES = 512;
const MAX_TEMPLATES = 512;

/** Names that were seen once. A name with an id in it is not seen again, and must not take the place of another. */
const MAX_SEEN = 1024;

const MAX_NAME_LENGTH = 200;

/**
 * Spans without a template after which all templates are made anew, if one of them found no room: the process may do other
 * work than at first. Making them takes 10 to 50 µs each.
 */
const RELEARN_AFTER = 10_000;

/** Makes and forgets templates. */
export interface TemplateMaker {
  /** Makes the template of a span; undefined if it cannot have one. */
  readonly learn: (span: FinishedSpan) => SpanTemplate | undefined;
  /** Called when all templates were forgotten. */
  readonly onForgotten: () => void;
}

interface NamedTemplates {
  readonly templates: SpanTemplate[];
  /** Spans from which a template was, or could not be, made. */
  tries: number;
}

/** The templates of an encoder by span name. A name has templates from the second span on. */
export class CallSites {
  readonly #maker: TemplateMaker;
  readonly #byName = new Map<string, NamedTemplates>();
  readonly #seen = new Set<string>();
  #size = 0;
  #misses = 0;
  /** True if a span could have no template for want of room. */
  #isFull = false;

  constructor(maker: TemplateMaker) {
    this.#maker = maker;
  }

  /** Returns the span from its op on, if one of the templates fits. Throws what a getter of the span throws. */
  textOf(span: FinishedSpan): string | undefined {
    const known = this.#byName.get(span.name) ?? this.#see(span.name);
    if (known !== undefined) {
      for (const template of known.templates) {
        const text = template.textOf(span);
        if (text !== undefined) return text;
      }
      if (known.tries < MAX_PER_NAME && this.#size < MAX_TEMPLATES) this.#add(span, known);
      else this.#isFull = true;
    }
    if (++this.#misses >= RELEARN_AFTER) this.#relearn();
    return undefined;
  }

  #relearn(): void {
    this.#misses = 0;
    if (!this.#isFull && this.#byName.size < MAX_NAMES) return;
    this.#isFull = false;
    this.#byName.clear();
    this.#size = 0;
    this.#maker.onForgotten();
  }

  // Returns the templates of a name, a list that is still empty, when the name is seen for the second time.
  #see(name: unknown): NamedTemplates | undefined {
    if (typeof name !== "string" || name.length > MAX_NAME_LENGTH) return undefined;
    if (this.#byName.size >= MAX_NAMES) return undefined;
    if (this.#seen.delete(name)) {
      const known: NamedTemplates = { templates: [], tries: 0 };
      this.#byName.set(name, known);
      return known;
    }
    if (this.#seen.size >= MAX_SEEN) this.#seen.clear();
    this.#seen.add(name);
    return undefined;
  }

  #add(span: FinishedSpan, known: NamedTemplates): void {
    known.tries++;
    const template = this.#maker.learn(span);
    if (template === undefined) return;
    known.templates.push(template);
    this.#size++;
  }
}
