import type { ClientCore } from "../client/client-core.js";
import { clip } from "../support/text.js";
import { MEMORY_FULL } from "../delivery/memory-bound.js";
import type { DiscardReason, ItemCount } from "../protocol/data-category.js";
import type { Metric, MetricType } from "../protocol/items.js";
import { attributeText } from "./typed-attribute.js";
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
import { redactedText } from "../privacy/redacted.js";
import { RecordPrivacy } from "./record-privacy.js";
import type { Correlation } from "../context/correlation.js";
import type { RegisteredClient } from "../context/global-client.js";

/** One metric value, without the attributes of the scopes and the process. */
interface MetricInput {
  /** Seconds since 1970. */
  readonly timestamp: number;
  readonly name: string;
  readonly type: MetricType;
  readonly value: number;
  readonly unit: string | undefined;
  /** Values of any type; objects are sent as JSON text. */
  readonly attributes: object;
  readonly correlation: Correlation;
}

/** Maximum length of the name of a metric, in characters. */
const MAX_METRIC_NAME = 200;

type MetricHead = Omit<MetricInput, "attributes">;
type Entries = Iterable<readonly [string, unknown]>;

// The protocol allows 2 KiB per metric value, including its name and ids.
const MAX_OWN_LENGTH = 1200;
const MAX_PROCESS_LENGTH = 500;
const MAX_VALUE_LENGTH = 200;
const MAX_UNIT_LENGTH = 64;

// More than the characters that are sent, so that a secret is recognized before it is cut.
const MAX_READ_VALUE_LENGTH = 2048;
const MAX_READ_LENGTH = 16_384;

/** The items to count for one metric value. */
export const ONE_METRIC: readonly ItemCount[] = [{ category: "trace_metric", quantity: 1 }];

const ITEM_TYPE = "trace_metric";
const CONTENT_TYPE = "application/vnd.sentry.items.trace-metric+json";
const TYPES: ReadonlySet<unknown> = new Set<MetricType>(["counter", "distribution", "gauge"]);

/** Captures the metrics of one client: filters, `beforeSendMetric`, encoding, batches. https://develop.sentry.dev/sdk/telemetry/metrics/ */
export class MetricCapture {
  readonly #client: ClientCore;
  readonly #gate: HookGate;
  readonly #batcher: ItemBatcher;
  readonly #privacy: RecordPrivacy;

  constructor(client: ClientCore, startTimer: StartTimer) {
    this.#client = client;
    this.#gate = new HookGate(client.diagnostics, "beforeSendMetric");
    this.#privacy = new RecordPrivacy(client.settings.sendDefaultPii, MAX_READ_VALUE_LENGTH);
    this.#batcher = new ItemBatcher({
      startTimer,
      send: (items) => this.#send(items),
      drop: () => {
        this.#drop("buffer_overflow");
        client.diagnostics.warnOnce("memory", MEMORY_FULL);
      },
      memory: client.memory,
    });
    client.addBuffer(this.#batcher);
  }

  /** Captures a metric value. Does nothing unless `enableMetrics` is set. Never throws. */
  capture(input: MetricInput): void {
    if (!this.#client.settings.enableMetrics || this.#client.refusesReentry(ONE_METRIC, true))
      return;
    try {
      const reason = this.#capture(input);
      if (reason !== undefined) this.#drop(reason);
    } catch (error) {
      this.#drop("internal_sdk_error");
      this.#client.diagnostics.warnOnce(
        "metrics",
        "a metric was dropped, because encoding it threw an error",
        error,
      );
    }
  }

  // Returns the reason if the metric is dropped.
  #capture(input: MetricInput): DiscardReason | undefined {
    if (this.#client.isClosed) return "closed";
    if (!isValid(input)) return this.#refuse();
    const attributes = this.#attributes(input);
    const hook = this.#client.settings.beforeSendMetric;
    if (hook === undefined) {
      return this.#add(this.#encode(input, attributes, missingAttributesOf(attributes)));
    }
    if (this.#gate.isOpen) return "before_send";
    const all = attributesForHook(attributes, this.#client.processData());
    const hooked = this.#gate.run(hook, metricOf(input, all));
    if (hooked === undefined) return "before_send";
    const { name, type, value, unit } = hooked;
    const { correlation, timestamp } = input;
    const changed = { name, type, value, unit, correlation, timestamp };
    if (!isValid(changed)) return this.#refuse();
    return this.#add(this.#encode(changed, attributesOfHook(hooked.attributes), "none"));
  }

  #attributes({ attributes, correlation }: MetricInput): ItemAttributes {
    const scopes = [...this.#client.initialScopes, ...correlation.scopes];
    const budget = this.#privacy.begin(MAX_READ_LENGTH);
    const shown = itemAttributes(attributes, scopes, { privacy: this.#privacy, budget });
    if (budget.left <= 0) this.#warnClipped();
    return shown;
  }

  #encode(metric: MetricHead, attributes: Entries, missing: MissingAttributes): EncodedItem {
    const totalLength = MAX_OWN_LENGTH + (missing === "none" ? MAX_PROCESS_LENGTH : 0);
    const { text, isClipped } = attributeText(attributes, {
      valueLength: MAX_VALUE_LENGTH,
      totalLength,
    });
    if (isClipped) this.#warnClipped();
    const { name, type, value, unit, correlation, timestamp } = metric;
    const fields = [
      itemHeadJson(timestamp, correlation),
      `"name":${JSON.stringify(redactedText(name.toWellFormed()))},"type":"${type}","value":${value}${unitField(unit)}`,
      attributesField(text, processSequence.next(timestamp)),
    ];
    return encodeItem(fields, missing);
  }

  #warnClipped(): void {
    this.#client.diagnostics.warnOnce(
      "metric-attributes",
      `a metric was sent without some of its attributes: together they had more than ${MAX_OWN_LENGTH} characters. Use fewer or shorter attributes`,
    );
  }

  #add(item: EncodedItem): DiscardReason | undefined {
    return this.#batcher.add(item) ? undefined : "buffer_overflow";
  }

  #refuse(): DiscardReason {
    this.#client.diagnostics.warnOnce(
      "metric",
      `a metric was not sent: it needs a name of 1 to ${MAX_METRIC_NAME} characters and a finite value`,
    );
    return "invalid";
  }

  #drop(reason: DiscardReason): void {
    this.#client.ledger.early.record(reason, ONE_METRIC);
  }

  #send(items: readonly EncodedItem[]): void {
    this.#client.captureBatch({
      category: "trace_metric",
      itemType: ITEM_TYPE,
      itemHeaderJson: `,"item_count":${items.length},"content_type":"${CONTENT_TYPE}"`,
      payload: containerJson(items, this.#client.processData()).payload,
      contents: [{ category: "trace_metric", quantity: items.length }],
    });
  }
}

/** A client with its capture of metrics. */
export interface MetricClient extends RegisteredClient {
  readonly metrics: MetricCapture;
}

/** Narrows a client to one that captures metrics. */
export function hasMetrics(client: RegisteredClient): client is MetricClient {
  return "metrics" in client;
}

// JavaScript callers and hooks may pass values of any type.
function isValid({ name, type, value }: Pick<Metric, "name" | "type" | "value">): boolean {
  const isName = typeof name === "string" && name !== "" && name.length <= MAX_METRIC_NAME;
  return isName && TYPES.has(type) && Number.isFinite(value);
}

function metricOf(input: MetricInput, attributes: Record<string, unknown>): Metric {
  const { name, type, value, unit } = input;
  return { name, type, value, attributes, ...(unit === undefined ? {} : { unit }) };
}

function unitField(unit: unknown): string {
  if (typeof unit !== "string" || unit === "") return "";
  return `,"unit":${JSON.stringify(clip(redactedText(unit.slice(0, 2 * MAX_UNIT_LENGTH)), MAX_UNIT_LENGTH))}`;
}
