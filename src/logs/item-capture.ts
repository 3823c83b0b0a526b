import type { ItemBatch } from "../client/capture-input.js";
import type { ClientCore } from "../client/client-core.js";
import type { Correlation } from "../context/correlation.js";
import { MEMORY_FULL } from "../delivery/memory-bound.js";
import type { DiscardReason, ItemCount } from "../protocol/data-category.js";
import { guardCallback, reportAsyncHook } from "../support/diagnostics.js";
import type { Diagnostics } from "../support/diagnostics.js";
import { isThenable } from "../support/foreign.js";
import { duringOwnCall } from "../support/own-call.js";
import type { StartTimer } from "../support/time.js";
import { containerJson, sentBytes } from "./encode-item.js";
import type { EncodedItem } from "./encode-item.js";
import type { ParameterCopies } from "./parameter-secrets.js";
import { itemAttributes } from "./item-attributes.js";
import type { ItemAttributes } from "./item-attributes.js";
import { ItemBatcher } from "./item-batcher.js";
import { RecordPrivacy } from "./record-privacy.js";

/** The names and limits by which the capture of logs differs from that of metrics. */
interface ItemKind {
  readonly noun: "log" | "metric";
  readonly hook: "beforeSendLog" | "beforeSendMetric";
  readonly category: ItemBatch["category"];
  readonly itemType: string;
  readonly contentType: string;
  /** The items to count for one whose size is not known. */
  readonly one: readonly ItemCount[];
  /** Characters that are read of one value, and of all attributes together. */
  readonly maxRead: { readonly value: number; readonly attributes: number };
  /** Characters that all attributes may have, for the message about those that are left out. */
  readonly maxSent: number;
}

/** An item as it is captured, without the attributes of the scopes and the process. */
interface ItemInput {
  readonly attributes: object;
  readonly correlation: Correlation;
}

/**
 * Captures the logs or the metrics of one client: filters, a hook, batches, and the count of each loss. A subclass encodes the
 * items. No public method throws.
 */
export abstract class ItemCapture<Input extends ItemInput> {
  protected readonly client: ClientCore;
  protected readonly gate: HookGate;
  protected readonly privacy: RecordPrivacy;
  readonly #kind: ItemKind;
  readonly #batcher: ItemBatcher;

  constructor(client: ClientCore, startTimer: StartTimer, kind: ItemKind) {
    this.client = client;
    this.#kind = kind;
    this.gate = new HookGate(client.diagnostics, kind.hook);
    this.privacy = new RecordPrivacy(client.settings.sendDefaultPii, kind.maxRead.value);
    this.#batcher = new ItemBatcher({
      startTimer,
      memory: client.memory,
      send: (items) => this.#send(items),
      drop: (item) => {
        this.drop("buffer_overflow", item);
        client.diagnostics.warnOnce("memory", MEMORY_FULL);
      },
    });
    client.addBuffer(this.#batcher);
  }

  /** Captures an item. Does nothing if the client does not send items of this kind. */
  capture(input: Input): void {
    if (!this.isEnabled || this.client.refusesReentry(this.#kind.one, true)) return;
    try {
      this.take(input);
    } catch (error) {
      this.dropUnread(error);
    }
  }

  /** True if the client sends items of this kind. */
  abstract get isEnabled(): boolean;

  /** Counts an item whose size is not known, because reading it threw an error. */
  dropUnread(error: unknown): void {
    const { noun } = this.#kind;
    this.drop("internal_sdk_error");
    this.client.diagnostics.warnOnce(
      `unreadable:${noun}`,
      `a ${noun} was dropped, because reading it threw an error: pass values that can be read`,
      error,
    );
  }

  /** Counts an item that is dropped; by its size, if it is encoded. */
  drop(reason: DiscardReason, item?: EncodedItem): void {
    this.client.ledger.early.record(
      reason,
      item === undefined
        ? this.#kind.one
        : this.contentsOf(1, sentBytes(item, this.client.processData())),
    );
  }

  /** Encodes and adds an item, or drops it. May throw. */
  protected abstract take(input: Input): void;

  /** Returns the items to count for a batch of this size. */
  protected abstract contentsOf(items: number, bytes: number): readonly ItemCount[];

  /**
   * Returns the filtered attributes of an item and of its scopes. Sets `copies.isComplete` to false if not all were read.
   */
  protected attributesOf(
    { attributes, correlation }: ItemInput,
    copies?: ParameterCopies,
  ): ItemAttributes {
    const scopes = [...this.client.initialScopes, ...correlation.scopes];
    const budget = this.privacy.begin(this.#kind.maxRead.attributes, copies?.add);
    const shown = itemAttributes(attributes, scopes, { privacy: this.privacy, budget });
    const isCut = budget.left <= 0;
    if (isCut) this.warnClipped();
    if (copies !== undefined) copies.isComplete = !isCut && budget.nodes > 0;
    return shown;
  }

  protected warnClipped(): void {
    const { noun, maxSent } = this.#kind;
    this.client.diagnostics.warnOnce(
      `large-attributes:${noun}`,
      `a ${noun} was sent without some of its attributes: together they may have ${maxSent} characters. Use fewer or shorter attributes`,
    );
  }

  protected add(item: EncodedItem): void {
    if (!this.#batcher.add(item)) this.drop("buffer_overflow", item);
  }

  #send(items: readonly EncodedItem[]): void {
    const { category, itemType, contentType } = this.#kind;
    const { payload, bytes } = containerJson(items, this.client.processData());
    this.client.captureBatch({
      category,
      itemType,
      itemHeaderJson: `,"item_count":${items.length},"content_type":"${contentType}"`,
      payload,
      contents: this.contentsOf(items.length, bytes),
    });
  }
}

/** Runs a synchronous hook that may change or drop an item. */
class HookGate {
  readonly #diagnostics: Diagnostics;
  readonly #name: string;
  #isRunning = false;

  /** `name` is the name of the option, for diagnostics. */
  constructor(diagnostics: Diagnostics, name: string) {
    this.#diagnostics = diagnostics;
    this.#name = name;
  }

  /**
   * True while the hook runs. Items that the hook itself captures are dropped, because they would call it again without
   * end.
   */
  get isRunning(): boolean {
    return this.#isRunning;
  }

  /**
   * Returns the item that the hook returned; undefined if the hook dropped it. If the hook is asynchronous, the item is
   * returned unchanged. Never throws.
   */
  run<T extends object>(hook: (item: T) => T | null, item: T): T | undefined {
    this.#isRunning = true;
    try {
      const hooked = { name: this.#name, effect: "the item was dropped" };
      const result = guardCallback(this.#diagnostics, hooked, () =>
        duringOwnCall("hook", () => hook(item)),
      );
      if (!result.ok || result.value === null) return undefined;
      return this.#checked(result.value, item);
    } finally {
      this.#isRunning = false;
    }
  }

  // A hook written in JavaScript may return any value.
  #checked<T extends object>(value: T, item: T): T | undefined {
    if (isThenable(value)) {
      reportAsyncHook(this.#diagnostics, this.#name, "the item is sent unchanged");
      return item;
    }
    if (typeof value === "object") return value;
    this.#diagnostics.warnOnce(
      `hook:${this.#name}`,
      `\`${this.#name}\` returned a value that is not an object; the item was dropped. Return the item, or null to drop it.`,
    );
    return undefined;
  }
}
