/** @typedef {import("../server-protocol.ts").FaultScript} FaultScript */
/** @typedef {import("../server-protocol.ts").ConnectionAction} ConnectionAction */
/** @typedef {import("../server-protocol.ts").RequestAction} RequestAction */
/** @typedef {import("../server-protocol.ts").RequestRule} RequestRule */
/** @typedef {import("./incoming-request.mjs").IncomingRequest} IncomingRequest */

/** @type {RequestAction} */
const ACCEPT = { kind: "respond" };

/** Decides by its rules what happens to connections and requests, and counts both. */
export class Script {
  /** @type {FaultScript} */
  #script;
  #connections = 0;
  #requests = 0;
  /** @type {Map<object, number>} */
  #uses = new Map();

  /** @param {FaultScript} script */
  constructor(script) {
    this.#script = script;
  }

  get idle() {
    return this.#script.idle;
  }

  /** The number of the next request. */
  nextRequest() {
    this.#requests += 1;
    return this.#requests;
  }

  /** @returns {ConnectionAction} */
  onConnection() {
    this.#connections += 1;
    const nth = this.#connections;
    const rule = (this.#script.connections ?? []).find(
      (candidate) => isNth(candidate.nth, nth) && this.#isLeft(candidate),
    );
    return this.#use(rule) ?? { kind: "accept" };
  }

  /**
   * What can be decided before the body has come; undefined when a rule must see it.
   * @param {IncomingRequest} request
   * @returns {RequestAction | undefined}
   */
  onHead(request) {
    const rule = this.#firstFor(request);
    return rule?.category === undefined ? (this.#use(rule) ?? ACCEPT) : undefined;
  }

  /**
   * @param {IncomingRequest} request
   * @param {string} category
   * @returns {RequestAction}
   */
  onBody(request, category) {
    return this.#use(this.#firstFor(request, category)) ?? ACCEPT;
  }

  /** @returns {RequestRule | undefined} */
  #firstFor(request, category) {
    return (this.#script.requests ?? []).find((rule) => {
      if (!matchesHead(rule, request) || !this.#isLeft(rule)) return false;
      return category === undefined || rule.category === undefined || rule.category === category;
    });
  }

  #isLeft(rule) {
    return (this.#uses.get(rule) ?? 0) < (rule.times ?? Infinity);
  }

  #use(rule) {
    if (rule === undefined) return undefined;
    this.#uses.set(rule, (this.#uses.get(rule) ?? 0) + 1);
    return rule.do;
  }
}

/**
 * @param {RequestRule} rule
 * @param {IncomingRequest} request
 */
function matchesHead({ nth, upTo, nthOnConnection, onReused }, request) {
  return (
    isNth(nth, request.nth) &&
    request.nth <= (upTo ?? Infinity) &&
    isNth(nthOnConnection, request.nthOnConnection) &&
    (onReused === undefined || onReused === request.nthOnConnection > 1)
  );
}

/** @param {number | readonly number[] | undefined} wanted */
function isNth(wanted, nth) {
  if (wanted === undefined) return true;
  return typeof wanted === "number" ? wanted === nth : wanted.includes(nth);
}
