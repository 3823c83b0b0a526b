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
  /** Calls that have ended a span or captured an event with such a value. */
  readonly #senders = new Suspects(() => new Suspect());

  wrote(change: Partial<ScopeData>, { rule, keys }: Broken): void {
    const tags = keys.slice(0, MAX_KEYS).map((key) => `tag ${reportName(key)}`);
    const names = tags.length > 0 ? tags : Object.keys(change);
    const name = clip(`set ${names.join(", ") || rule}`, MAX_NAME_LENGTH);
    this.#calls.of(rule).add((at) => [{ kind: "call", name, startMillis: Date.now(), at }]);
  }

  /** Call it within the call that has ended a span, or captured an error, with a value that an attribute or a hook has set. */
  warned(rule: string): void {
    const name = "ended the span, or captured the event, that has the value";
    this.#senders.of(rule).add((at) => (at === undefined ? [] : [{ kind: "call", name, at }]));
  }

  /**
   * Returns the calls that set the refused values; without any, the calls that ended the span or captured the event. Empty if neither
   * is known, as for a transaction that was held after the end of its root.
   */
  seen(rule: string): Partial<Pick<Finding, "count" | "evidence" | "library">> {
    return (
      [this.#calls, this.#senders].map((all) => all.of(rule)).find(({ count }) => count > 0)
        ?.seen ?? {}
    );
  }
}
