import { setNewest } from "../support/newest.js";
import type { ProcessIdentity } from "../trace/dsc.js";

/** Number of check-in ids that are remembered; the first ones are forgotten. */
export const MAX_IDENTITIES = 10_000;

/**
 * Remembers the release and environment of each check-in id's first check-in. Sentry drops a check-in
 * whose environment differs from the first one of its id, and the run then times out.
 */
export class CheckInIdentities {
  readonly #byId = new Map<string, ProcessIdentity>();
  readonly #limit: number;

  constructor(limit: number = MAX_IDENTITIES) {
    this.#limit = limit;
  }

  /** The identity of the id's first check-in; the given one if this is the first. */
  of(checkInId: string, current: ProcessIdentity): ProcessIdentity {
    // Sentry takes a UUID with and without dashes, in either case.
    const key = checkInId.replaceAll("-", "").toLowerCase();
    const known = this.#byId.get(key);
    if (known !== undefined) return known;
    const { release, environment } = current;
    setNewest(this.#byId, [key, { release, environment }], this.#limit);
    return current;
  }
}
