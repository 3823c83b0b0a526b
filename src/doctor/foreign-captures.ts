import { isObjectLike } from "../support/foreign.js";
import type { Unit } from "../scope/unit.js";
import { finding } from "./finding.js";
import type { Finding } from "./finding.js";
import { boundCallback } from "./library-fixes.js";
import { factsOfUnit, nameKey, nameOf, spanEvidence } from "./span-facts.js";
import { Suspect, Suspects } from "./suspects.js";

class Captures extends Suspect {
  owner = "";
  other = "";
}

/** Rule D13: errors of one request that are captured in the context of another. */
export class ForeignCaptures {
  readonly #found = new Suspects(() => new Captures());
  // An object that several units capture, such as that of a cached promise, is no one's.
  readonly #by = new WeakMap<object, Captures | undefined>();

  captured(error: unknown, origin: Unit, here: Unit): void {
    if (!isObjectLike(error)) return;
    if (this.#by.has(error)) {
      const known = this.#by.get(error);
      this.#by.set(error, undefined);
      if (known !== undefined) known.count -= 1;
      return;
    }
    const [root, other] = [factsOfUnit(origin).root, factsOfUnit(here).root];
    this.#by.set(error, undefined);
    // A handler of the whole process has no request.
    if (root === undefined || other === undefined) return;
    if (origin.isWithin(here) || here.isWithin(origin)) return;
    const suspect = this.#found.of(`${nameKey(root.span)}|${nameKey(other.span)}`);
    suspect.owner ||= nameOf(root.span);
    suspect.other ||= nameOf(other.span);
    suspect.add((site) => [spanEvidence(root), spanEvidence(other, site)]);
    this.#by.set(error, suspect);
  }

  findings(): Finding[] {
    return this.#found
      .all()
      .filter(({ count }) => count > 0)
      .map(captureFinding);
  }
}

function captureFinding({ owner, other, seen }: Captures): Finding {
  return finding({
    rule: "D13",
    name: "foreign-capture",
    severity: "warning",
    summary: `An error of "${owner}" was captured in the context of another request or job, "${other}".`,
    ...seen,
    mechanism:
      "A queue, pool or emitter ran the handler for one in the context of the other. The event is that of the first; what the handler sets is on the second.",
    ...boundCallback(seen.library),
  });
}
