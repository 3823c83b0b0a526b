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

const CORRECT = "Correct what throws it.";
const MAX_LENGTH = 300;

const OWN = `${import.meta.dirname.replaceAll("\\", "/")}/`;

/** Returns the finding for an exception that ended the process before its first span. Never throws. */
export function fatalFinding({ thrown }: FatalError): Finding {
  if (isOptionsError(thrown)) return badOption(thrown);
  const { text, message, evidence } = described(thrown);
  return finding({
    name: "ended-early",
    summary: `An exception ended the process before its first span: ${text}`,
    evidence,
    mechanism: "Nothing was traced, so the rules about spans and scopes had nothing to examine.",
    ...fixOf(message),
  });
}

/** Completes the finding for what was lost at the end of the process, where an exception has ended it. Never throws. */
export function lossByFatal(loss: Finding, { thrown }: FatalError): Finding {
  const { text, evidence } = described(thrown);
  return finding({
    ...loss,
    evidence,
    mechanism: `An uncaught exception ended the process: ${text}`,
    fix: `${CORRECT} captureUncaught reports it, and sends what is left:`,
    code: "new SentrySpanProcessor({ captureUncaught: true });",
  });
}

function described(
  thrown: unknown,
): Pick<Finding, "evidence"> & Record<"message" | "text", string> {
  const name = textOf(propertyOf(thrown, "name") ?? "Exception");
  const given = redactedText(textOf(propertyOf(thrown, "message") ?? thrown));
  const message = printable(given).slice(0, MAX_LENGTH);
  const stack = textOf(propertyOf(thrown, "stack") ?? "");
  const at = attempt(() => readStack(stack, OWN).site, undefined);
  return {
    text: `${name}: ${message}`,
    message,
    evidence: at === undefined ? [] : [{ kind: "call", name: `throw ${name}`, at }],
  };
}

const NOT_FOUND = /Cannot find (?:package|module) '([^']+)'/;
const RELATIVE = /^(?:[./\\]|file:|[A-Za-z]:)/;
const NAME = /^(?:@[^/]+\/)?[^/]+/;

function fixOf(message: string): Pick<Finding, "code" | "fix"> {
  const missing = NOT_FOUND.exec(message)?.[1];
  if (missing === undefined) return { fix: CORRECT };
  if (RELATIVE.test(missing)) return { fix: `Correct the path ${missing}, or create that file.` };
  const name = NAME.exec(missing)?.[0] ?? missing;
  return {
    fix: "Install it for the application itself, not only for a package that depends on it:",
    code: addCommand(name),
  };
}
