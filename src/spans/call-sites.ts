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

/** Makes the template of a span; undefined if it cannot have one. */
export type LearnTemplate = (span: FinishedSpan) => SpanTemplate | undefined;

interface NamedTemplates {
  readonly templates: SpanTemplate[];
  /** Spans from which a template was, or could not be, made. */
  tries: number;
}

/** The templates of an encoder by span name. A name has templates from the second span on. */
export class CallSites {
  readonly #learn: LearnTemplate;
  readonly #byName = new Map<string, NamedTemplates>();
  readonly #seen = new Set<string>();
  #size = 0;

  constructor(learn: LearnTemplate) {
    this.#learn = learn;
  }

  /** Returns the span from its op on, if one of the templates fits. Throws what a getter of the span throws. */
  textOf(span: FinishedSpan): string | undefined {
    const known = this.#byName.get(span.name);
    if (known === undefined) this.#see(span.name);
    else {
      for (const template of known.templates) {
        const text = template.textOf(span);
        if (text !== undefined) return text;
      }
      if (known.tries < MAX_PER_NAME && this.#size < MAX_TEMPLATES) this.#add(span, known);
    }
    return undefined;
  }

  #see(name: unknown): void {
    if (typeof name !== "string" || name.length > MAX_NAME_LENGTH) return;
    if (this.#byName.size >= MAX_NAMES) return;
    if (this.#seen.delete(name)) this.#byName.set(name, { templates: [], tries: 0 });
    else {
      if (this.#seen.size >= MAX_SEEN) this.#seen.clear();
      this.#seen.add(name);
    }
  }

  #add(span: FinishedSpan, known: NamedTemplates): void {
    known.tries++;
    const template = this.#learn(span);
    if (template === undefined) return;
    known.templates.push(template);
    this.#size++;
  }
}
