import type { ClientCore } from "../client/client-core.js";
import { MEMORY_FULL } from "../delivery/memory-bound.js";
import type { DiscardReason, ItemCount } from "../protocol/data-category.js";
import type { Log, LogLevel } from "../protocol/items.js";
import { clip } from "../support/text.js";
import { attributeText, jsonText } from "./typed-attribute.js";
import {
  attributesField,
  containerJson,
  itemHeadJson,
  encodeItem,
  processSequence,
} from "./encode-item.js";
import type { EncodedItem, MissingAttributes } from "./encode-item.js";
import { HookGate } from "./hook-gate.js";
import {
  attributesForHook,
  attributesOfHook,
  itemAttributes,
  missingAttributesOf,
} from "./item-attributes.js";
import type { ItemAttributes } from "./item-attributes.js";
import { ItemBatcher } from "./item-batcher.js";
import type { StartTimer } from "../support/time.js";
import { withShownParameters, withholdAssigned } from "./parameter-secrets.js";
import { RecordPrivacy } from "./record-privacy.js";
import { isLogLevel, severityNumberOf } from "../protocol/items.js";
import type { Correlation } from "../context/correlation.js";
import type { RegisteredClient } from "../context/global-client.js";

/** One log, without the attributes of the scopes and the process. */
interface LogInput {
  /** Seconds since 1970. */
  readonly timestamp: number;
  readonly level: LogLevel;
  /** A value of any type; values other than strings are sent as JSON text. */
  readonly message: unknown;
  readonly attributes: object;
  readonly correlation: Correlation;
}

/** Characters that are sent of one string in a log. */
export const MAX_LOG_TEXT = 32_768;

// In the worst case of six bytes per character, all attributes and the message take about 1 MiB, the limit of one log.
const LIMITS = { valueLength: MAX_LOG_TEXT, totalLength: 131_072 };

/** The items to count for one log whose size is not known. */
export const ONE_LOG: readonly ItemCount[] = [{ category: "log_item", quantity: 1 }];

const ITEM_TYPE = "log";
const CONTENT_TYPE = "application/vnd.sentry.items.log+json";

interface LogHead extends Omit<LogInput, "attributes" | "message"> {
  readonly message: string;
}
type LogFields = Pick<LogHead, "level" | "message">;
type LogHook = (log: Log) => Log | null;
type Entries = Iterable<readonly [string, unknown]>;

/** Captures the logs of one client: filters, `beforeSendLog`, encoding, batches. https://develop.sentry.dev/sdk/telemetry/logs/ */
export class LogCapture {
  readonly #client: ClientCore;
  readonly #gate: HookGate;
  readonly #batcher: ItemBatcher;
  readonly #privacy: RecordPrivacy;

  constructor(client: ClientCore, startTimer: StartTimer) {
    this.#client = client;
    this.#gate = new HookGate(client.diagnostics, "beforeSendLog");
    this.#privacy = new RecordPrivacy(client.settings.sendDefaultPii, MAX_LOG_TEXT);
    this.#batcher = new ItemBatcher({
      startTimer,
      send: (items) => this.#send(items),
      drop: (item) => {
        this.#drop("buffer_overflow", item);
        client.diagnostics.warnOnce("memory", MEMORY_FULL);
      },
      memory: client.memory,
    });
    client.addBuffer(this.#batcher);
  }

  /** Captures a log. Does nothing unless `enableLogs` is set. Never throws. */
  capture(input: LogInput): void {
    if (!this.#client.settings.enableLogs || this.#client.refusesReentry(ONE_LOG, true)) return;
    try {
      this.#capture(input);
    } catch (error) {
      this.dropUnread("internal_sdk_error");
      this.#client.diagnostics.warnOnce(
        "logs",
        "a log was dropped, because encoding it threw an error",
        error,
      );
    }
  }

  /** Counts a dropped log whose size is not known. */
  dropUnread(reason: DiscardReason): void {
    this.#client.ledger.early.record(reason, ONE_LOG);
  }

  // Secrets are filtered before the hook runs.
  #capture(input: LogInput): void {
    const attributes = this.#attributes(input);
    const message = withShownParameters(input.message, input.attributes, attributes);
    const shown = this.#privacy.body(message);
    withholdAssigned(message, shown, attributes);
    const head = { ...input, message: jsonText(shown, MAX_LOG_TEXT) };
    const hook = this.#client.settings.beforeSendLog;
    if (this.#client.isClosed || hook === undefined) {
      const item = this.#encode(head, attributes, missingAttributesOf(attributes));
      return this.#client.isClosed ? this.#drop("closed", item) : this.#add(item);
    }
    const hooked = this.#hooked(head, attributes, hook);
    if (hooked === undefined) {
      return this.#drop(
        "before_send",
        this.#encode(head, attributes, missingAttributesOf(attributes)),
      );
    }
    const { correlation, timestamp } = input;
    const changed = { ...fieldsOf(hooked, head), correlation, timestamp };
    this.#add(this.#encode(changed, attributesOfHook(hooked.attributes), "none"));
  }

  #attributes({ attributes, correlation }: LogInput): ItemAttributes {
    const scopes = [...this.#client.initialScopes, ...correlation.scopes];
    const budget = this.#privacy.begin(LIMITS.totalLength);
    const shown = itemAttributes(attributes, scopes, { privacy: this.#privacy, budget });
    if (budget.left <= 0) this.#warnClipped();
    return shown;
  }

  #hooked(input: LogHead, attributes: ItemAttributes, hook: LogHook): Log | undefined {
    if (this.#gate.isOpen) return undefined;
    const { level, message } = input;
    const all = attributesForHook(attributes, this.#client.processData());
    return this.#gate.run(hook, { level, message, attributes: all });
  }

  #encode(log: LogHead, attributes: Entries, missing: MissingAttributes): EncodedItem {
    const { text, isClipped } = attributeText(attributes, LIMITS);
    if (isClipped) this.#warnClipped();
    const { level, message, correlation, timestamp } = log;
    const fields = [
      itemHeadJson(timestamp, correlation),
      `"level":"${level}","severity_number":${severityNumberOf(level)}`,
      `"body":${JSON.stringify(clip(message, MAX_LOG_TEXT))}`,
      attributesField(text, processSequence.next(timestamp)),
    ];
    return encodeItem(fields, missing);
  }

  #warnClipped(): void {
    this.#client.diagnostics.warnOnce(
      "log-attributes",
      `a log was sent without some of its attributes: together they may have ${LIMITS.totalLength} characters. Use fewer or shorter attributes`,
    );
  }

  #add(item: EncodedItem): void {
    if (!this.#batcher.add(item)) this.#drop("buffer_overflow", item);
  }

  #drop(reason: DiscardReason, item: EncodedItem): void {
    const { bytes } = containerJson([item], this.#client.processData());
    this.#client.ledger.early.record(reason, contentsOf(1, bytes));
  }

  #send(items: readonly EncodedItem[]): void {
    const { payload, bytes } = containerJson(items, this.#client.processData());
    this.#client.captureBatch({
      category: "log_item",
      itemType: ITEM_TYPE,
      itemHeaderJson: `,"item_count":${items.length},"content_type":"${CONTENT_TYPE}"`,
      payload,
      contents: contentsOf(items.length, bytes),
    });
  }
}

/** A client with its capture of logs. */
export interface LogClient extends RegisteredClient {
  readonly logs: LogCapture;
}

/** Narrows a client to one that captures logs. */
export function hasLogs(client: RegisteredClient): client is LogClient {
  return "logs" in client;
}

function contentsOf(items: number, bytes: number): readonly ItemCount[] {
  return [
    { category: "log_item", quantity: items },
    { category: "log_byte", quantity: bytes },
  ];
}

// A hook may return properties of any type.
function fieldsOf(hooked: Log, input: LogHead): LogFields {
  const { level, message } = hooked;
  return {
    level: isLogLevel(level) ? level : input.level,
    message: jsonText(message, MAX_LOG_TEXT),
  };
}
