import type { Diagnostics } from "../diagnostics/diagnostics.js";
import { cut } from "../normalize/cut.js";
import { VALUE_RULES, ruleMessage } from "../normalize/relay-values.js";
import type { ValueRule } from "../normalize/relay-values.js";

const MAX_SHOWN_LENGTH = 100;

/** Reports values of the application that Relay would delete, once per rule and client. Never throws. */
export function reportBrokenRules(diagnostics: Diagnostics, rules: Iterable<ValueRule>): void {
  for (const rule of rules) diagnostics.warnOnce(`value:${rule}`, ruleMessage(rule));
}

/** Reports a value of the set-up that Relay would delete, and what is sent in its place. Never throws. */
export function reportBrokenSetting(
  diagnostics: Diagnostics,
  rule: ValueRule,
  { given, sent }: { readonly given: unknown; readonly sent: string | undefined },
): void {
  const becomes = sent === undefined ? "is left out" : `is sent as ${shown(sent)}`;
  diagnostics.faultOnce(`value:${rule}`, `${shown(given)} ${becomes}: ${VALUE_RULES[rule]}`);
}

function shown(value: unknown): string {
  return JSON.stringify(cut(String(value), MAX_SHOWN_LENGTH));
}
