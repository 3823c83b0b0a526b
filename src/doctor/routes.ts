import { BoundedMap } from "../support/collections.js";
import { finding } from "./finding.js";
import type { Evidence, Finding } from "./finding.js";
import { boundCallback, movedUnless } from "./library-fixes.js";
import { isIdle, nameKey, nameOf, spanEvidence } from "./span-facts.js";
import type { SpanFacts } from "./span-facts.js";

/** The requests and jobs of one name. */
interface Route {
  name: string;
  ended: number;
  /** Those without any child but layers of their framework. */
  childless: number;
  /** Those in which no user was set. */
  userless: number;
  /** The most children that one of them has. */
  most: number;
  heaviest: Evidence | undefined;
}

const MAX_ROUTES = 1000;
/** Requests from which on a share of them says something. */
const MIN_ENDED = 10;
const MIN_HEAVY = 10;
const ALMOST_ALL = 0.8;
const MIN_SIBLINGS = 50;
const MIN_STARVED = 5;

/** Counts of requests and jobs by their names, for rules D1, D4, D5, D12 and D13: has one done the work of others? */
export class Routes {
  readonly #byName = new BoundedMap<string, Route>(MAX_ROUTES);

  /** Number of requests or jobs of a name that have ended. */
  endedOf(key: string): number {
    return this.#byName.get(key)?.ended ?? 0;
  }

  /** Tells whether most requests or jobs of a name never had a child: others have run their work. */
  areStarved(key: string): boolean {
    return isHalf(this.#byName.get(key), "childless");
  }

  /** Tells whether as many requests of a name as `late` never had a child, among many that had (rule D4). */
  areSomeStarved(key: string, late: number): boolean {
    const route = this.#byName.get(key);
    if (route === undefined || route.ended < MIN_SIBLINGS) return false;
    return route.childless >= MIN_STARVED && areAsMany(late, route.childless);
  }

  /** Tells whether `quantity` is more than half of the requests or jobs of a name; one alone is not compared. */
  areMost(key: string, quantity: number): boolean {
    const ended = this.endedOf(key);
    return ended >= 2 && quantity > ended / 2;
  }

  /**
   * Tells whether a few of a name may have done `quantity` things for others: about as many as there are others, or as have no
   * child, if these are most.
   */
  haveGiven(key: string, quantity: number): boolean {
    const route = this.#byName.get(key);
    if (route === undefined) return false;
    const others = route.ended - 1;
    if (others >= MIN_ENDED && areAsMany(quantity, others)) return true;
    return this.areStarved(key) && areAsMany(quantity, route.childless);
  }

  /** Tells whether most requests of a name ended without a user. */
  areUserless(key: string): boolean {
    return isHalf(this.#byName.get(key), "userless");
  }

  /** Tells whether a request or job has ended in which no user was set. */
  hasUserless(): boolean {
    return [...this.#byName.values()].some(({ userless }) => userless > 0);
  }

  /** The first child of a request or job has started after its end. */
  fedLate({ span }: SpanFacts): void {
    const route = this.#byName.get(nameKey(span));
    if (route !== undefined) route.childless -= 1;
  }

  ended(facts: SpanFacts): void {
    const route = this.#of(facts);
    route.ended += 1;
    if (isIdle(facts)) route.childless += 1;
    if (facts.unit.writers?.has("user") !== true) route.userless += 1;
    weigh(route, facts);
  }

  /** `open`: requests and jobs that have not ended. `isKnown`: names that another rule has found. */
  findings(open: Iterable<SpanFacts>, isKnown: (key: string) => boolean): Finding[] {
    for (const facts of open) if (childrenOf(facts) >= MIN_HEAVY) weigh(this.#of(facts), facts);
    return [...this.#byName]
      .filter(([key, route]) => isCrowded(route) && !isKnown(key))
      .map(([, route]) => crowdedFinding(route));
  }

  #of({ span }: SpanFacts): Route {
    const key = nameKey(span);
    const known = this.#byName.get(key);
    if (known !== undefined) return known;
    const made = { name: "", ended: 0, childless: 0, userless: 0, most: 0, heaviest: undefined };
    this.#byName.set(key, made);
    return made;
  }
}

function isHalf(route: Route | undefined, share: "childless" | "userless"): boolean {
  return route !== undefined && route.ended >= MIN_ENDED && route[share] >= route.ended / 2;
}

function areAsMany(quantity: number, others: number): boolean {
  return quantity >= others * ALMOST_ALL && quantity <= others / ALMOST_ALL;
}

function childrenOf({ below }: SpanFacts): number {
  return below?.children ?? 0;
}

function weigh(route: Route, facts: SpanFacts): void {
  const children = childrenOf(facts);
  if (children < MIN_HEAVY || children <= route.most) return;
  route.most = children;
  route.name = nameOf(facts.span);
  route.heaviest = spanEvidence(facts);
}

// A cache that one request has filled leaves others without a child, too: so it must be about as many as the heavy one has.
function isCrowded({ ended, childless, most }: Route): boolean {
  return (
    ended >= 2 * MIN_ENDED && childless >= ended * ALMOST_ALL && most >= childless * ALMOST_ALL
  );
}

function crowdedFinding({ name, childless, most, heaviest }: Route): Finding {
  return finding({
    rule: "D5",
    name: "over-attribution",
    severity: "info",
    summary: `One request or job "${name}" has ${most} children, while ${childless} others of its name have none.`,
    count: most,
    evidence: heaviest === undefined ? [] : [heaviest],
    ...boundCallback(undefined),
    mechanism: movedUnless("this request filled a cache for the others"),
  });
}
