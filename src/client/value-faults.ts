import type { Diagnostics } from "../support/diagnostics.js";
import { cut } from "../support/cut.js";
import { VALUE_RULES, ruleMessage } from "../protocol/relay-values.js";
import type { ValueRule } from "../protocol/relay-values.js";

const MAX_SHOWN_LENGTH = 100;
const MAX_TRIMMED_LENGTH = 1024;

/** Reports values of the application that Relay would delete, once per rule and client. Never throws. */
export function reportBrokenRules(diagnostics: Diagnostics, rules: Iterable<ValueRule>): void {
  for (const rule of rules) diagnostics.warnOnce(`value:${rule}`, ruleMessage(rule));
}

/** A value of the set-up that Relay would delete. */
export interface BrokenSetting {
  readonly given: string;
  /** The value that is sent in its place; undefined where it is left out. */
  readonly sent: string | undefined;
  /** Where the value comes from, in words. */
  readonly source: string;
}

/** Reports a value of the set-up that Relay would delete, and what is sent in its place. Never throws. */
export function reportBrokenSetting(
  diagnostics: Diagnostics,
  rule: ValueRule,
  { given, sent, source }: BrokenSetting,
): void {
  diagnostics.faultOnce(
    `value:${rule}`,
    `${source}: ${shown(given)} ${replacement(given, sent)}. Relay would delete it: ${VALUE_RULES[rule]}`,
  );
}

function replacement(value: string, sent: string | undefined): string {
  if (sent === undefined) return "is left out";
  // White space takes milliseconds per megabyte to trim.
  const given = value.length > MAX_TRIMMED_LENGTH ? value : value.trim();
  if (given.startsWith(sent))
    return `has ${given.length} characters; the first ${sent.length} are sent`;
  return `is sent as ${shown(sent)}`;
}

function shown(value: string): string {
  return JSON.stringify(cut(value, MAX_SHOWN_LENGTH));
}
