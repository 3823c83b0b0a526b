import type { Diagnostics } from "../diagnostics/diagnostics.js";
import { storable } from "../normalize/cut.js";
import { conformEvent } from "./conform-event.js";
import { reportBrokenRules } from "./value-faults.js";

/**
 * JSON of an event that application code may have changed, valid by Relay's rules; what had to be
 * repaired is reported. Throws for what JSON cannot hold.
 */
export function encodeConformed(event: object, diagnostics: Diagnostics): string {
  const { event: valid, broken } = conformEvent(event);
  reportBrokenRules(diagnostics, broken);
  return encodeEvent(valid);
}

/**
 * JSON of an event that hooks may have changed. Strings and keys are made well-formed, since Relay refuses
 * an event with a lone surrogate, and strings lose their NULs. Throws for what JSON cannot hold.
 */
export function encodeEvent(event: object): string {
  return JSON.stringify(event, (_key, value: unknown) => {
    if (typeof value === "string") return storable(value);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? withWellFormedKeys(value)
      : value;
  });
}

function withWellFormedKeys(value: object): object {
  if (Object.keys(value).every((key) => key.isWellFormed())) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key.toWellFormed(), member as unknown]),
  );
}
