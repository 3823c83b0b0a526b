import type { ClientCore } from "../client/client-core.js";
import { clip } from "../support/text.js";
import type { ItemCount } from "../protocol/data-category.js";
import type { Metric, MetricType } from "../protocol/items.js";
import { attributeText } from "./typed-attribute.js";
import { attributesField, itemHeadJson, encodeItem, processSequence } from "./encode-item.js";
import type { EncodedItem, MissingAttributes } from "./encode-item.js";
import { attributesForHook, attributesOfHook, missingAttributesOf } from "./item-attributes.js";
import { ItemCapture } from "./item-capture.js";
import type { StartTimer } from "../support/time.js";
import { redactedText } from "../privacy/redacted.js";
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

const KIND = {
  noun: "metric",
  hook: "beforeSendMetric",
  category: "trace_metric",
  itemType: "trace_metric",
  contentType: "application/vnd.sentry.items.trace-metric+json",
  one: [{ category: "trace_metric", quantity: 1 }],
  maxRead: { value: MAX_READ_VALUE_LENGTH, attributes: MAX_READ_LENGTH },
  maxSent: MAX_OWN_LENGTH,
} as const;

const TYPES: ReadonlySet<unknown> = new Set<MetricType>(["counter", "distribution", "gauge"]);

/** Captures the metrics of one client. https://develop.sentry.dev/sdk/telemetry/metrics/ */
export class MetricCapture extends ItemCapture<MetricInput> {
  constructor(client: ClientCore, startTimer: StartTimer) {
    super(client, startTimer, KIND);
  }

  get isEnabled(): boolean {
    return this.client.settings.enableMetrics;
  }

  protected take(input: MetricInput): void {
    if (this.client.isClosed) return this.drop("closed");
    if (!isValid(input)) return this.#refuse();
    const attributes = this.attributesOf(input);
    const hook = this.client.settings.beforeSendMetric;
    if (hook === undefined)
      return this.add(this.#encode(input, attributes, missingAttributesOf(attributes)));
    const all = attributesForHook(attributes, this.client.processData());
    const hooked = this.gate.isRunning ? undefined : this.gate.run(hook, metricOf(input, all));
    if (hooked === undefined) return this.drop("before_send");
    const { name, type, value, unit } = hooked;
    const { correlation, timestamp } = input;
    const changed = { name, type, value, unit, correlation, timestamp };
    if (!isValid(changed)) return this.#refuse();
    this.add(this.#encode(changed, attributesOfHook(hooked.attributes), "none"));
  }

  protected contentsOf(items: number): readonly ItemCount[] {
    return [{ category: "trace_metric", quantity: items }];
  }

  #encode(metric: MetricHead, attributes: Entries, missing: MissingAttributes): EncodedItem {
    const totalLength = MAX_OWN_LENGTH + (missing === "none" ? MAX_PROCESS_LENGTH : 0);
    const { text, isClipped } = attributeText(attributes, {
      valueLength: MAX_VALUE_LENGTH,
      totalLength,
    });
    if (isClipped) this.warnClipped();
    const { name, type, value, unit, correlation, timestamp } = metric;
    const fields = [
      itemHeadJson(timestamp, correlation),
      `"name":${JSON.stringify(redactedText(name.toWellFormed()))},"type":"${type}","value":${value}${unitField(unit)}`,
      attributesField(text, processSequence.next(timestamp)),
    ];
    return encodeItem(fields, missing);
  }

  #refuse(): void {
    this.drop("invalid");
    this.client.diagnostics.warnOnce(
      "metric",
      `a metric was not sent: it needs a name of 1 to ${MAX_METRIC_NAME} characters and a finite value`,
    );
  }
}

/** A client with its capture of metrics. */
export interface MetricClient extends RegisteredClient {
  readonly metrics: MetricCapture;
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
