import type { ScopeData } from "../scope/scope-data.js";
import type { Finding } from "./finding.js";
import { newValues } from "./scope-rules.js";
import type { Written } from "./scope-rules.js";
import { Suspects, Suspect } from "./suspects.js";
import { clip } from "../support/text.js";

const MAX_NAME_LENGTH = 100;

/** The calls that set values which Sentry's server would delete, by the rule that they broke. */
export class RefusedValues {
  readonly #calls = new Suspects(() => new Suspect());

  wrote(scope: Written, change: Partial<ScopeData>, rule: string): void {
    const { tags = {}, ...others } = newValues(change, scope.data);
    const names = [...Object.keys(tags).map((key) => `tag ${key}`), ...Object.keys(others)];
    const name = clip(`set ${names.join(", ") || rule}`, MAX_NAME_LENGTH);
    this.#calls.of(rule).add((at) => [{ kind: "call", name, startMillis: Date.now(), at }]);
  }

  /** Returns the calls that a warning about refused values is about; none if no setter was called with them. */
  seen(rule: string): Partial<Pick<Finding, "count" | "evidence" | "library">> {
    const { count, seen } = this.#calls.of(rule);
    return count === 0 ? {} : seen;
  }
}
