/** Numbers the items of one millisecond, so that the server can show them in their order. */
export class TimestampSequence {
  #millis = -1;
  #next = 0;

  /** The number of an item with this time in seconds: 0 for the first of its millisecond. */
  next(timestamp: number): number {
    const millis = Math.floor(timestamp * 1000);
    if (millis !== this.#millis) {
      this.#millis = millis;
      this.#next = 0;
    }
    return this.#next++;
  }
}

/** The numbers of all items of the process. */
export const processSequence: TimestampSequence = new TimestampSequence();
