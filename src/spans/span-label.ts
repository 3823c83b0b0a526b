import { redactedText } from "../privacy/redacted.js";
import { withoutSecrets } from "../privacy/url.js";
import { bounded } from "../semantics/inference.js";
import { clip, jsonString } from "../support/text.js";
import { LastText, RememberedTexts } from "./json-values.js";

const MAX_NAME_LENGTH = 200;
const MAX_DESCRIPTION_LENGTH = 8192;

/** Name and description of spans as JSON. One per encoder, since it remembers the texts of earlier spans. */
export class SpanLabels {
  readonly #names = new RememberedTexts(nameMember);
  readonly #namesAsDescriptions = new RememberedTexts(
    (name) => nameMember(name) + descriptionMember(name, redactedText),
  );
  // Name and description change together more often than not.
  readonly #last = new LastText((description: string, name: string, isStatement: boolean) =>
    description === name
      ? this.#namesAsDescriptions.of(name)
      : this.#names.of(name) +
        descriptionMember(description, isStatement ? withoutSecrets : redactedText),
  );

  /** Returns the name as the last member of the span's data, and the description as the last member of the span. */
  of(description: string, name: string, op: string | undefined): string {
    return this.#last.of(description, name, isDatabase(op));
  }
}

/**
 * A span's name as a member of its data, with a leading comma. Relay takes this for the span's name. Without it, it
 * derives one from the op, which for many spans of instrumentations is the op itself, or `default`.
 */
export function nameMember(name: string): string {
  if (name.trim() === "") return "";
  return `,"sentry.name":${jsonString(clip(redactedText(name), MAX_NAME_LENGTH))}`;
}

// A statement is filtered like the attribute that it was taken from: reading SQL as a text takes 2 µs.
function isDatabase(op: string | undefined): boolean {
  return op !== undefined && op.startsWith("db");
}

function descriptionMember(description: string, filter: (text: string) => string): string {
  return `},"description":${jsonString(clip(filter(bounded(description)), MAX_DESCRIPTION_LENGTH))}}`;
}
