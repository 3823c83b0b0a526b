import { isObjectLike } from "../support/foreign.js";
import type { Unit } from "../scope/unit.js";
import { finding } from "./finding.js";
import type { Evidence, Finding } from "./finding.js";
import { boundCallback } from "./library-fixes.js";
import { factsOfUnit, nameKey, nameOf, spanEvidence } from "./span-facts.js";
import { Suspect, Suspects } from "./suspects.js";

class Captures extends Suspect {
  owner = "";
  other = "";
}

/** The first capture of an error. */
interface Capture {
  readonly here: Unit;
  /** The suspicion that it counts for; undefined if it is no fault. */
  suspect: Captures | undefined;
  readonly evidence: readonly Evidence[];
}

/** Rule D13: errors of one request that are captured in the context of another. */
export class ForeignCaptures {
  readonly #found = new Suspects(() => new Captures());
  readonly #by = new WeakMap<object, Capture>();

  captured(error: unknown, origin: Unit, here: Unit): void {
    if (!isObjectLike(error)) return;
    const first = this.#by.get(error);
    if (first === undefined) this.#by.set(error, this.#first(origin, here));
    // A request may capture its error twice. One that several capture, such as that of a cached promise, is no one's.
    else if (!areRelated(first.here, here)) withdraw(first);
  }

  #first(origin: Unit, here: Unit): Capture {
    const [root, other] = [factsOfUnit(origin).root, factsOfUnit(here).root];
    // A handler of the whole process has no request.
    if (root === undefined || other === undefined || areRelated(origin, here))
      return { here, suspect: undefined, evidence: [] };
    const suspect = this.#found.of(`${nameKey(root.span)}|${nameKey(other.span)}`);
    suspect.owner ||= nameOf(root.span);
    suspect.other ||= nameOf(other.span);
    const known = suspect.evidence.length;
    suspect.add((site) => [spanEvidence(root), spanEvidence(other, site)]);
    return { here, suspect, evidence: suspect.evidence.slice(known) };
  }

  findings(): Finding[] {
    return this.#found
      .all()
      .filter(({ count }) => count > 0)
      .map(captureFinding);
  }
}

function areRelated(one: Unit, other: Unit): boolean {
  return one.isWithin(other) || other.isWithin(one);
}

function withdraw(capture: Capture): void {
  const { suspect, evidence } = capture;
  capture.suspect = undefined;
  if (suspect === undefined) return;
  suspect.count -= 1;
  const kept = suspect.evidence.filter((each) => !evidence.includes(each));
  suspect.evidence.splice(0, Infinity, ...kept);
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
