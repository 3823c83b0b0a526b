import type { ScopeData } from "../scope/scope-data.js";
import type { Broken } from "../support/observation.js";
import { clip } from "../support/text.js";
import type { Finding } from "./finding.js";
import { reportName } from "./span-facts.js";
import { Suspects, Suspect } from "./suspects.js";

const MAX_NAME_LENGTH = 100;
const MAX_KEYS = 10;

/** The calls that set values which Sentry's server would delete, by the rule that they broke. */
export class RefusedValues {
  readonly #calls = new Suspects(() => new Suspect());

  wrote(change: Partial<ScopeData>, { rule, keys }: Broken): void {
    const tags = keys.slice(0, MAX_KEYS).map((key) => `tag ${reportName(key)}`);
    const names = tags.length > 0 ? tags : Object.keys(change);
    const name = clip(`set ${names.join(", ") || rule}`, MAX_NAME_LENGTH);
    this.#calls.of(rule).add((at) => [{ kind: "call", name, startMillis: Date.now(), at }]);
  }

  /** Returns the calls that a warning about refused values is about; none if no setter was called with them. */
  seen(rule: string): Partial<Pick<Finding, "count" | "evidence" | "library">> {
    const { count, seen } = this.#calls.of(rule);
    return count === 0 ? {} : seen;
  }
}
