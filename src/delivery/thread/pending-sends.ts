import type { DataCategory } from "../../protocol/data-category.js";
import { contentOf, sizeOf } from "../../protocol/envelope.js";
import type { EncodedEnvelope } from "../../protocol/envelope.js";
import type { SenderResult, SendObserver, SendOptions } from "../transport.js";
import type { BatchMessage } from "./thread-messages.js";

/** An envelope without a result. */
interface PendingSend {
  readonly envelope: EncodedEnvelope;
  readonly options: SendOptions | undefined;
  readonly observer: SendObserver<SenderResult>;
}

/** Envelopes that the sender thread has, or gets next. They are kept here, so that nothing is lost if the thread ends. */
export class PendingSends {
  readonly #posted = new Map<number, PendingSend>();
  #unposted: PendingSend[] = [];
  #lastId = 0;
  #copiedBytes = 0;

  /** Number of envelopes without a result. */
  get size(): number {
    return this.#posted.size + this.#unposted.length;
  }

  get hasUnposted(): boolean {
    return this.#unposted.length > 0;
  }

  /** Bytes of the envelopes that the sender thread has. */
  get copiedBytes(): number {
    return this.#copiedBytes;
  }

  add(send: PendingSend): void {
    this.#unposted.push(send);
  }

  /** Makes one message of all envelopes that were added since the last call. */
  takeBatch(failFast: boolean): BatchMessage {
    const firstId = this.#lastId + 1;
    const contents: (Uint8Array | string)[] = [];
    const categories: DataCategory[] = [];
    let options: Record<number, SendOptions> | undefined;
    for (const [index, send] of this.#unposted.entries()) {
      const { envelope } = send;
      contents.push(contentOf(envelope));
      categories.push(envelope.category);
      if (send.options !== undefined) (options ??= {})[index] = send.options;
      this.#copiedBytes += sizeOf(envelope);
      this.#lastId += 1;
      this.#posted.set(this.#lastId, send);
    }
    this.#unposted = [];
    return { kind: "batch", firstId, contents, categories, options, failFast };
  }

  /** Passes on the result of an envelope. */
  settle(id: number, result: SenderResult): void {
    const send = this.#posted.get(id);
    if (send === undefined) return;
    this.#posted.delete(id);
    this.#copiedBytes -= sizeOf(send.envelope);
    send.observer.settled(result);
  }

  /** Removes and returns all envelopes without a result, in the order in which they were added. */
  takeAll(): PendingSend[] {
    const all = [...this.#posted.values(), ...this.#unposted];
    this.#posted.clear();
    this.#unposted = [];
    this.#copiedBytes = 0;
    return all;
  }
}
