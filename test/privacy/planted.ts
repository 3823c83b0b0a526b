import { randomBytes } from "node:crypto";

import type { ReadEnvelope } from "../../src/testing/envelope-reader.js";

/** Random texts that are planted in known places and searched in the envelopes that are sent. */
export class Planted {
  readonly #places = new Map<string, string>();

  /** Creates a text that occurs nowhere else. */
  secret(place: string): string {
    const text = `planted${randomBytes(8).toString("hex")}`;
    this.#places.set(place, text);
    return text;
  }

  /** Returns the places whose text is in the envelopes: in any header, item header or payload. */
  foundIn(envelopes: readonly ReadEnvelope[]): string[] {
    const sent = envelopes.map(textOf).join("\n");
    if (sent === "") throw new Error("nothing was sent");
    return [...this.#places].filter(([, text]) => sent.includes(text)).map(([place]) => place);
  }
}

/** The decoded content of an envelope. */
export function textOf({ header, items }: ReadEnvelope): string {
  const parts = items.map((item) =>
    [JSON.stringify(item.header), Buffer.from(item.payload).toString("utf8")].join("\n"),
  );
  return [JSON.stringify(header), ...parts].join("\n");
}
