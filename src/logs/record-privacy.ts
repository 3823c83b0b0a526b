import { normalize } from "../support/normalize.js";
import { clip } from "../support/text.js";
import { attributePrivacy, isOmitted } from "../privacy/private-attributes.js";
import type { AttributePrivacy } from "../privacy/private-attributes.js";
import { redacted } from "../privacy/redacted.js";

/** Most names come from a small vocabulary; more distinct ones than this, or longer, are not remembered. */
const MAX_REMEMBERED = 4096;
const MAX_REMEMBERED_LENGTH = 256;

/** Characters of a name that tell whether it is a secret's. */
const MAX_READ_NAME_LENGTH = 1024;

const MAX_DEPTH = 5;

/** Characters of the attributes of one item that may still be read; this bounds the time that an item takes. */
export interface ReadBudget {
  left: number;
}

/**
 * Filters logs and metrics by the rules for attributes of spans, whoever wrote them: loggers pass on whole objects
 * unseen.
 */
export class RecordPrivacy {
  readonly #sendDefaultPii: boolean;
  readonly #maxLength: number;
  readonly #byName = new Map<string, AttributePrivacy>();

  /** `maxLength`: characters of one value that are read. */
  constructor(sendDefaultPii: boolean, maxLength: number) {
    this.#sendDefaultPii = sendDefaultPii;
    this.#maxLength = maxLength;
  }

  /** Returns an attribute's value as it is sent; undefined where it is not, or the budget is spent. Never throws. */
  attribute(name: string, value: unknown, budget: ReadBudget): unknown {
    const { omission, filter } = this.#byName.get(name) ?? this.#learn(name);
    if (isOmitted(omission, undefined) || budget.left <= 0) return undefined;
    if (typeof value === "string") return filter(this.#text(value, budget));
    return typeof value === "object" && value !== null
      ? filter(this.#copy(value, budget))
      : filter(value);
  }

  /** Returns a log's body as it is sent. Never throws. */
  body(body: unknown): unknown {
    const budget = { left: this.#maxLength };
    if (typeof body === "string") return redacted(this.#text(body, budget), this.#sendDefaultPii);
    if (typeof body !== "object" || body === null) return body ?? "";
    return redacted(this.#copy(body, budget), this.#sendDefaultPii);
  }

  #learn(name: string): AttributePrivacy {
    const read = name.slice(0, MAX_READ_NAME_LENGTH);
    const privacy = attributePrivacy(read, this.#sendDefaultPii);
    if (this.#byName.size < MAX_REMEMBERED && name.length <= MAX_REMEMBERED_LENGTH)
      this.#byName.set(name, privacy);
    return privacy;
  }

  #text(value: string, budget: ReadBudget): string {
    const text = clip(value, Math.min(this.#maxLength, budget.left));
    budget.left -= text.length;
    return text;
  }

  // The filters take what JSON can hold.
  #copy(value: object, budget: ReadBudget): unknown {
    const copy = normalize(value, {
      depth: MAX_DEPTH,
      stringLength: this.#maxLength,
      totalLength: Math.min(this.#maxLength, budget.left),
      omitUndefined: true,
    });
    budget.left = Math.max(0, budget.left - JSON.stringify(copy).length);
    return copy;
  }
}
