import { isOptionsError } from "../protocol/errors.js";
import { redactedText } from "../privacy/redacted.js";
import { attempt, propertyOf } from "../support/foreign.js";
import { printable } from "../support/terminal-text.js";
import { textOf } from "../support/text.js";
import { readStack } from "./call-stack.js";
import { badOption } from "./configuration-check.js";
import { finding } from "./finding.js";
import type { Finding } from "./finding.js";
import { addCommand } from "./package-manager.js";

/** An exception that nothing has caught. */
export interface FatalError {
  readonly thrown: unknown;
}

const MAX_LENGTH = 300;

const OWN = `${import.meta.dirname.replaceAll("\\", "/")}/`;

/** Returns the finding for an exception that ended the process before its first span. Never throws. */
export function fatalFinding({ thrown }: FatalError): Finding {
  if (isOptionsError(thrown)) return badOption(thrown);
  const name = textOf(propertyOf(thrown, "name") ?? "Exception");
  const text = redactedText(textOf(propertyOf(thrown, "message") ?? thrown));
  const message = printable(text).slice(0, MAX_LENGTH);
  const stack = textOf(propertyOf(thrown, "stack") ?? "");
  const at = attempt(() => readStack(stack, OWN).site, undefined);
  return finding({
    name: "ended-early",
    summary: `An exception ended the process before its first span: ${name}: ${message}`,
    evidence: at === undefined ? [] : [{ kind: "call", name: `throw ${name}`, at }],
    mechanism: "Nothing was traced, so the rules about spans and scopes had nothing to examine.",
    ...fixOf(message),
  });
}

const NOT_FOUND = /Cannot find (?:package|module) '([^']+)'/;
const RELATIVE = /^(?:[./\\]|file:|[A-Za-z]:)/;
const NAME = /^(?:@[^/]+\/)?[^/]+/;

function fixOf(message: string): Pick<Finding, "code" | "fix"> {
  const missing = NOT_FOUND.exec(message)?.[1];
  if (missing === undefined) return { fix: "Correct what throws it, then run the doctor again." };
  if (RELATIVE.test(missing)) return { fix: `Correct the path ${missing}, or create that file.` };
  const name = NAME.exec(missing)?.[0] ?? missing;
  return {
    fix: "Install it for the application itself, not only for a package that depends on it:",
    code: addCommand(name),
  };
}
