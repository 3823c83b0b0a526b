import { normalize } from "../support/normalize.js";
import { copyBudget, nodesOfText } from "../support/copy-budget.js";
import { ProxyTime } from "../support/proxy-time.js";
import { clip } from "../support/text.js";
import type { AttributePrivacy } from "../privacy/private-attributes.js";
import { UNREAD, attributePrivacy, isOmitted } from "../privacy/private-attributes.js";
import { redacted } from "../privacy/redacted.js";
import { mayReadName, restart, secretSearch } from "../privacy/secret-search.js";
import type { SecretSearch } from "../privacy/secret-search.js";

/** Names whose filter is cached. Most names come from a small vocabulary; long names are not cached. */
const MAX_REMEMBERED = 4096;
const MAX_REMEMBERED_LENGTH = 256;

/** Characters of a name that are checked for the names of secrets. */
const MAX_READ_NAME_LENGTH = 1024;

const MAX_DEPTH = 5;

/** How much of the attributes of one item may still be read, so that the time per item has a limit. */
export interface ReadBudget {
  /** Characters that are left. */
  left: number;
  /** Values within objects and arrays that are left; long strings count for several. */
  nodes: number;
  /** Receives each value as it was read, before it is filtered. */
  readonly onRead?: ((name: string, copy: unknown) => void) | undefined;
}

const MAX_NODES = 5000;

/**
 * Filters logs and metrics by the rules for span attributes, including values that the application itself recorded:
 * loggers pass on whole objects, such as requests, without checking their content.
 */
export class RecordPrivacy {
  // Both are reused for the values of one item after another.
  readonly #search: SecretSearch;
  readonly #proxyTime = new ProxyTime();
  readonly #maxLength: number;
  readonly #byName = new Map<string, AttributePrivacy>();

  /** `maxLength` is the number of characters that are read of one value. */
  constructor(sendDefaultPii: boolean, maxLength: number) {
    this.#search = secretSearch(sendDefaultPii);
    this.#maxLength = maxLength;
  }

  /** Begins the next item. At most `characters` of its attributes are read. */
  begin(characters: number, onRead?: ReadBudget["onRead"]): ReadBudget {
    restart(this.#search);
    this.#proxyTime.restart();
    return { left: characters, nodes: MAX_NODES, onRead };
  }

  /** Returns the filtered value of an attribute; undefined if it is not sent or the budget is spent. Never throws. */
  attribute(name: string, value: unknown, budget: ReadBudget): unknown {
    const { omission, filter } = this.#byName.get(name) ?? this.#learn(name);
    if (isOmitted(omission, undefined) || isSpent(value, budget)) return undefined;
    const copy = this.#read(value, budget);
    budget.onRead?.(name, copy);
    return filter(copy);
  }

  /** Returns the filtered body of a log. Never throws. */
  body(body: unknown): unknown {
    const budget = { left: this.#maxLength, nodes: MAX_NODES };
    if (typeof body === "string") return redacted(this.#text(body, budget), this.#search);
    if (typeof body !== "object" || body === null) return body ?? "";
    return redacted(this.#copy(body, budget), this.#search);
  }

  #read(value: unknown, budget: ReadBudget): unknown {
    if (typeof value === "string") return this.#text(value, budget);
    return typeof value === "object" && value !== null ? this.#copy(value, budget) : value;
  }

  #learn(name: string): AttributePrivacy {
    const read = name.slice(0, MAX_READ_NAME_LENGTH);
    if (!mayReadName(read, this.#search)) return UNREAD;
    const privacy = attributePrivacy(read, this.#search);
    if (this.#byName.size < MAX_REMEMBERED && name.length <= MAX_REMEMBERED_LENGTH)
      this.#byName.set(name, privacy);
    return privacy;
  }

  #text(value: string, budget: ReadBudget): string {
    const text = clip(value, Math.min(this.#maxLength, budget.left));
    budget.left -= text.length;
    budget.nodes -= nodesOfText(value);
    return text;
  }

  // The filters expect JSON values.
  #copy(value: object, budget: ReadBudget): unknown {
    const totalLength = Math.min(this.#maxLength, budget.left);
    const copying = copyBudget({ totalLength, nodes: budget.nodes }, this.#proxyTime);
    const limits = { depth: MAX_DEPTH, stringLength: this.#maxLength, omitUndefined: true };
    const copy = normalize(value, limits, copying);
    budget.left = Math.max(0, budget.left - JSON.stringify(copy).length);
    budget.nodes = Math.max(0, copying.nodes);
    return copy;
  }
}

// An object is replaced by a mark when no values are left, and a short string takes no time.
function isSpent(value: unknown, { left, nodes }: ReadBudget): boolean {
  return left <= 0 || (nodes <= 0 && typeof value === "string" && nodesOfText(value) > 0);
}
