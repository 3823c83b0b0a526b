import { isObjectLike } from "../support/foreign.js";
import type { Unit } from "../scope/unit.js";
import { finding } from "./finding.js";
import type { Evidence, Finding } from "./finding.js";
import { OWN_WORK, boundCallback, movedUnless } from "./library-fixes.js";
import { factsOfUnit, nameKey, nameOf, spanEvidence } from "./span-facts.js";
import type { Routes } from "./routes.js";
import { MANY, Suspect, Suspects } from "./suspects.js";

class Captures extends Suspect {
  owner = "";
  other = "";
  /** The most errors that were captured late in one request or job. */
  most = 0;
  /** Requests and jobs in which errors were captured late. */
  entries = 0;
}

/** The first capture of an error. */
interface Capture {
  readonly here: Unit;
  /** The suspicion that it counts for; undefined if it is no fault. */
  suspect: Captures | undefined;
  readonly evidence: readonly Evidence[];
}

/** Rule D13: errors that are captured in the context of another request, or of one that is over. */
export class ForeignCaptures {
  readonly #found = new Suspects(() => new Captures());
  readonly #late = new Suspects(() => new Captures());
  readonly #by = new WeakMap<object, Capture>();
  readonly #routes: Routes;

  /** `routes` counts the requests and jobs. */
  constructor(routes: Routes) {
    this.#routes = routes;
  }

  captured(error: unknown, origin: Unit, here: Unit): void {
    this.#noteLate(here);
    if (!isObjectLike(error)) return;
    const first = this.#by.get(error);
    if (first === undefined) this.#by.set(error, this.#first(origin, here));
    // A request may capture its error twice. One that several capture, such as that of a cached promise, is no one's.
    else if (!areRelated(first.here, here)) withdraw(first);
  }

  #noteLate(here: Unit): void {
    const unit = factsOfUnit(here);
    const { root } = unit;
    if (root?.hasEnded !== true || !unit.isOwned) return;
    unit.lateCaptures += 1;
    const late = this.#late.of(nameKey(root.span));
    if (unit.lateCaptures === 1) late.entries += 1;
    late.owner ||= nameOf(root.span);
    late.most = Math.max(late.most, unit.lateCaptures);
    late.add((site) => [
      { kind: "call", name: "capture an error", startMillis: Date.now(), at: site },
      spanEvidence(root),
    ]);
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
    const found = this.#found.all().filter(({ count }) => count > 0);
    return [...found.map(captureFinding), ...this.#lateFindings()];
  }

  // A queue or batch runs the handlers of others in a context whose request is over. If most requests of a name report errors after
  // their end, it is their own work that goes on.
  #lateFindings(): Finding[] {
    return this.#late.entriesOf().flatMap(([key, late]) => {
      if (late.most < MANY || this.#routes.areMost(key, late.entries)) return [];
      return [lateFinding(late, this.#routes.haveGiven(key, late.count))];
    });
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
    ...boundCallback(seen.library),
    mechanism: `A queue, pool or emitter ran the handler of one in the context of the other. The event is on the right trace, but what the handler sets is on "${other}".`,
  });
}

// `isOfOthers`: most other requests of the name lack what these have, or these have about one for each request.
function lateFinding({ owner, most, seen }: Captures, isOfOthers: boolean): Finding {
  return finding({
    rule: "D13",
    name: "foreign-capture",
    severity: isOfOthers ? "warning" : "info",
    summary: `Errors were captured in the context of "${owner}" after it had ended: up to ${most} within one.`,
    ...seen,
    ...boundCallback(seen.library),
    ...(isOfOthers ? {} : { mechanism: movedUnless(OWN_WORK) }),
  });
}
