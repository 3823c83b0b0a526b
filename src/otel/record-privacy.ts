import { normalize } from "../normalize/normalize.js";
import { clip } from "../normalize/cut.js";
import { attributePrivacy, isOmitted } from "../semantics/private-attributes.js";
import type { AttributePrivacy } from "../semantics/private-attributes.js";
import { redacted } from "../semantics/redacted.js";

/** Most names come from a small vocabulary; more distinct ones than this are not remembered. */
const MAX_REMEMBERED = 4096;

const MAX_DEPTH = 5;

/**
 * What is sent of log records: loggers pass on whole objects unseen, so the rules are those of the
 * attributes of spans.
 */
export class RecordPrivacy {
  readonly #sendDefaultPii: boolean;
  readonly #maxLength: number;
  readonly #byName = new Map<string, AttributePrivacy>();

  /** `maxLength`: characters of a text that are looked at, and sent. */
  constructor(sendDefaultPii: boolean, maxLength: number) {
    this.#sendDefaultPii = sendDefaultPii;
    this.#maxLength = maxLength;
  }

  /** An attribute's value as it is sent; undefined where it is not. Never throws. */
  attribute(name: string, value: unknown): unknown {
    const { omission, filter } = this.#byName.get(name) ?? this.#learn(name);
    return isOmitted(omission, undefined) ? undefined : filter(this.#json(value));
  }

  /** A body as it is sent. Never throws. */
  body(body: unknown): unknown {
    return redacted(this.#json(body) ?? "", this.#sendDefaultPii);
  }

  #learn(name: string): AttributePrivacy {
    const privacy = attributePrivacy(name, this.#sendDefaultPii);
    if (this.#byName.size < MAX_REMEMBERED) this.#byName.set(name, privacy);
    return privacy;
  }

  // The filters take what JSON can hold; numbers and the like are typed later.
  #json(value: unknown): unknown {
    if (typeof value === "string") return clip(value, this.#maxLength);
    if (typeof value !== "object" || value === null) return value;
    return normalize(value, {
      depth: MAX_DEPTH,
      totalLength: this.#maxLength,
      omitUndefined: true,
    });
  }
}
