import { nameOfClass } from "../support/error-shape.js";
import { attempt, classNameOf, memberOf, ownKeys } from "../support/foreign.js";
import { normalize } from "../support/normalize.js";
import type { JsonValue } from "../support/normalize.js";
import { clip } from "../support/cut.js";
import { textOf } from "../support/text.js";

const MAX_LISTED_KEYS = 50;
const MAX_KEY_LENGTH = 200;
// More than what is sent of an exception's value.
const MAX_TEXT_LENGTH = 10_000;
// Above this the server cuts an extra value off in the middle.
const MAX_SERIALIZED_LENGTH = 16_000;

/** What a thrown value that is no error is reported as. */
export interface NonErrorText {
  readonly type: string;
  readonly value: string;
}

/** Words for a thrown value that is no error: its own message if it has one, else its keys. Never throws. */
export function describeNonError(thrown: unknown): NonErrorText {
  if (typeof thrown !== "object" || thrown === null)
    return { type: "Error", value: textOf(thrown) };
  const className = classNameOf(thrown);
  return { type: nameOfClass(className), value: objectText(thrown, className) };
}

/** A JSON copy for `extra.__serialized__`: only objects have more to tell than their text. Never throws. */
export function serializedCopy(thrown: unknown): JsonValue | undefined {
  if (typeof thrown !== "object" || thrown === null) return undefined;
  return normalize(thrown, { totalLength: MAX_SERIALIZED_LENGTH });
}

function objectText(thrown: object, className: string): string {
  const name = memberOf(thrown, "name");
  const message = memberOf(thrown, "message");
  if (typeof name === "string") {
    const tail =
      typeof message === "string" ? ` with message '${message.slice(0, MAX_TEXT_LENGTH)}'` : "";
    return `'${name.slice(0, MAX_KEY_LENGTH)}' captured as exception${tail}`;
  }
  if (typeof message === "string") return message;
  const subject = nameOfClass(className) === "Error" ? "Object" : `'${className}'`;
  return `${subject} captured as exception with keys: ${keyList(thrown)}`;
}

function keyList(thrown: object): string {
  const keys = attempt(() => ownKeys(thrown, MAX_LISTED_KEYS + 1), []);
  if (keys.length === 0) return "[object has no keys]";
  const listed = keys.slice(0, MAX_LISTED_KEYS).map((key) => clip(key, MAX_KEY_LENGTH));
  return listed.toSorted().join(", ") + (keys.length > MAX_LISTED_KEYS ? ", ..." : "");
}
