import type { ClientCore } from "../client/client-core.js";
import type { ItemCount } from "../protocol/data-category.js";
import type { Log, LogLevel } from "../protocol/items.js";
import { clip } from "../support/text.js";
import { attributeText, jsonText } from "./typed-attribute.js";
import { attributesField, itemHeadJson, encodeItem, processSequence } from "./encode-item.js";
import type { EncodedItem, MissingAttributes } from "./encode-item.js";
import { attributesForHook, attributesOfHook, missingAttributesOf } from "./item-attributes.js";
import type { ItemAttributes } from "./item-attributes.js";
import { ItemCapture } from "./item-capture.js";
import type { StartTimer } from "../support/time.js";
import { parameterCopies, withShownParameters, withholdAssigned } from "./parameter-secrets.js";
import { isLogLevel, severityNumberOf } from "../protocol/items.js";
import type { Correlation } from "../context/correlation.js";
import type { RegisteredClient } from "../context/global-client.js";
import { MAX_LOG_TEXT } from "./log-message.js";

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

// In the worst case of six bytes per character, all attributes and the message take about 1 MiB, the limit of one log.
const LIMITS = { valueLength: MAX_LOG_TEXT, totalLength: 131_072 };

const KIND = {
  noun: "log",
  hook: "beforeSendLog",
  category: "log_item",
  itemType: "log",
  contentType: "application/vnd.sentry.items.log+json",
  one: [{ category: "log_item", quantity: 1 }],
  maxRead: { value: MAX_LOG_TEXT, attributes: LIMITS.totalLength },
  maxSent: LIMITS.totalLength,
} as const;

interface LogHead extends Omit<LogInput, "attributes" | "message"> {
  readonly message: string;
}
type LogFields = Pick<LogHead, "level" | "message">;
type LogHook = (log: Log) => Log | null;
type Entries = Iterable<readonly [string, unknown]>;

/** Captures the logs of one client. https://develop.sentry.dev/sdk/telemetry/logs/ */
export class LogCapture extends ItemCapture<LogInput> {
  constructor(client: ClientCore, startTimer: StartTimer) {
    super(client, startTimer, KIND);
  }

  get isEnabled(): boolean {
    return this.client.settings.enableLogs;
  }

  // Secrets are filtered before the hook runs.
  protected take(input: LogInput): void {
    const copies = parameterCopies(input.attributes);
    const attributes = this.attributesOf(input, copies);
    const message = withShownParameters(input.message, copies, attributes);
    const shown = this.privacy.body(message);
    withholdAssigned(message, shown, attributes);
    const head = { ...input, message: jsonText(shown, MAX_LOG_TEXT) };
    const { isClosed, settings } = this.client;
    const hook = settings.beforeSendLog;
    if (isClosed || hook === undefined) {
      const item = this.#encode(head, attributes, missingAttributesOf(attributes));
      return isClosed ? this.drop("closed", item) : this.add(item);
    }
    const hooked = this.#hooked(head, attributes, hook);
    if (hooked === undefined) {
      return this.drop(
        "before_send",
        this.#encode(head, attributes, missingAttributesOf(attributes)),
      );
    }
    const { correlation, timestamp } = input;
    const changed = { ...fieldsOf(hooked, head), correlation, timestamp };
    this.add(this.#encode(changed, attributesOfHook(hooked.attributes), "none"));
  }

  protected contentsOf(items: number, bytes: number): readonly ItemCount[] {
    return [
      { category: "log_item", quantity: items },
      { category: "log_byte", quantity: bytes },
    ];
  }

  #hooked(input: LogHead, attributes: ItemAttributes, hook: LogHook): Log | undefined {
    if (this.gate.isRunning) return undefined;
    const { level, message } = input;
    const all = attributesForHook(attributes, this.client.processData());
    return this.gate.run(hook, { level, message, attributes: all });
  }

  #encode(log: LogHead, attributes: Entries, missing: MissingAttributes): EncodedItem {
    const { text, isClipped } = attributeText(attributes, LIMITS);
    if (isClipped) this.warnClipped();
    const { level, message, correlation, timestamp } = log;
    const fields = [
      itemHeadJson(timestamp, correlation),
      `"level":"${level}","severity_number":${severityNumberOf(level)}`,
      `"body":${JSON.stringify(clip(message, MAX_LOG_TEXT))}`,
      attributesField(text, processSequence.next(timestamp)),
    ];
    return encodeItem(fields, missing);
  }
}

/** A client with its capture of logs. */
export interface LogClient extends RegisteredClient {
  readonly logs: LogCapture;
}

// A hook may return properties of any type.
function fieldsOf(hooked: Log, input: LogHead): LogFields {
  const { level, message } = hooked;
  return {
    level: isLogLevel(level) ? level : input.level,
    message: jsonText(message, MAX_LOG_TEXT),
  };
}
