import type { Diagnostics } from "../support/diagnostics.js";
import { observation } from "../support/observation.js";
import { cut } from "../support/text.js";
import { VALUE_RULES, ruleMessage } from "../protocol/relay-values.js";
import type { ValueRule } from "../protocol/relay-values.js";

const MAX_SHOWN_LENGTH = 100;
const MAX_TRIMMED_LENGTH = 1024;

/**
 * Logs a diagnostic for values that Relay would delete, once per rule and client. `isError`: they are an error's, which is encoded
 * within the call that captures it. A transaction may be sent within a call that has ended another root. Never throws.
 */
export function reportBrokenRules(
  diagnostics: Diagnostics,
  rules: Iterable<ValueRule>,
  isError: boolean = false,
): void {
  for (const rule of rules) {
    diagnostics.warnOnce(`value:${rule}`, ruleMessage(rule));
    if (isError) observation.observer?.warned?.(`value:${rule}`);
  }
}

/** A release, environment, dist or server name that Relay would delete. */
export interface BrokenSetting {
  readonly given: string;
  /** The value that is sent instead; undefined if none is. */
  readonly sent: string | undefined;
  /** A description of the value's source. */
  readonly source: string;
}

/** Logs a diagnostic for a setting that Relay would delete, and names the value that is sent instead. Never throws. */
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
  // Trimming takes milliseconds per megabyte of white space.
  const given = value.length > MAX_TRIMMED_LENGTH ? value : value.trim();
  if (given.startsWith(sent))
    return `has ${given.length} characters; the first ${sent.length} are sent`;
  return `is sent as ${shown(sent)}`;
}

function shown(value: string): string {
  return JSON.stringify(cut(value, MAX_SHOWN_LENGTH));
}
