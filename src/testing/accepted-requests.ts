import type { IngestRequest } from "./ingest-request.js";

/** Bytes of bodies that are kept. */
const MAX_BYTES = 512 * 1_048_576;

/** Share of the requests that is forgotten at once, so that the list is not moved for each of them. */
const FORGOTTEN_SHARE = 0.1;

/** The newest requests that a server has accepted, of a bounded number and size. */
export class AcceptedRequests {
  readonly #requests: IngestRequest[] = [];
  readonly #max: number;
  #bytes = 0;
  #forgotten = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** In order of arrival. */
  get requests(): readonly IngestRequest[] {
    return this.#requests;
  }

  /** How many requests are no longer kept. */
  get forgotten(): number {
    return this.#forgotten;
  }

  /** Keeps a request; forgets the oldest ones where there are too many. */
  add(request: IngestRequest): void {
    this.#requests.push(request);
    this.#bytes += request.body.length;
    while (this.#requests.length > this.#max || this.#bytes > MAX_BYTES) this.#forget();
  }

  /** Forgets all, and their number. */
  clear(): void {
    this.#requests.length = 0;
    this.#bytes = 0;
    this.#forgotten = 0;
  }

  #forget(): void {
    const count = Math.ceil(this.#requests.length * FORGOTTEN_SHARE);
    for (const { body } of this.#requests.splice(0, count)) this.#bytes -= body.length;
    this.#forgotten += count;
  }
}
