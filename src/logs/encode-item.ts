import type { ProcessData } from "../client/process-data.js";
import type { Correlation } from "../context/correlation.js";
import { onceFor } from "../support/collections.js";
import { SDK_NAME, SDK_VERSION } from "../version.js";
import { SEQUENCE_KEY, attributeText } from "./typed-attribute.js";

/** Attributes of the process that are appended when an item is sent: none, all, or all except `server.address`. */
export type MissingAttributes = "none" | "process" | "process-but-address";

/**
 * One item as JSON without lone surrogates, up to the end of its attributes. Attributes of the process are appended
 * when the item is sent, because asynchronous resource attributes may be known only then.
 */
export interface EncodedItem {
  readonly text: string;
  /** Length of the text in UTF-8. */
  readonly bytes: number;
  readonly missing: MissingAttributes;
}

/** The payload of an item container. */
interface Container {
  readonly payload: string;
  /** Length of the items in UTF-8. */
  readonly bytes: number;
}

const END = "}}";

/** Encodes the properties that logs and metrics have in common. `timestamp` is in seconds since 1970. */
export function itemHeadJson(timestamp: number, { traceId, spanId }: Correlation): string {
  const span = spanId === undefined ? "" : `,"span_id":"${spanId}"`;
  return `"timestamp":${timestamp},"trace_id":"${traceId}"${span}`;
}

/**
 * Encodes the property `attributes` without its closing brace, so that attributes of the process can follow. Adds the
 * sequence number.
 */
export function attributesField(text: string, sequence: number): string {
  const own = text === "" ? "" : `${text},`;
  return `"attributes":{${own}"${SEQUENCE_KEY}":{"type":"integer","value":${sequence}}`;
}

/** Builds an item from its properties, of which the attributes must be the last. */
export function encodeItem(fields: readonly string[], missing: MissingAttributes): EncodedItem {
  const text = `{${fields.join(",")}`;
  return { text, bytes: Buffer.byteLength(text), missing };
}

/** Builds the payload of an item container. */
export function containerJson(items: readonly EncodedItem[], fields: ProcessData): Container {
  const ends = endsOf(fields);
  let bytes = 0;
  const texts = items.map((item) => {
    const end = ends[item.missing];
    bytes += item.bytes + Buffer.byteLength(end);
    return item.text + end;
  });
  return { payload: `{"version":2,"items":[${texts.join(",")}]}`, bytes };
}

/** Returns the length in UTF-8 that an item would have in a payload. */
export function sentBytes({ bytes, missing }: EncodedItem, fields: ProcessData): number {
  return bytes + Buffer.byteLength(endsOf(fields)[missing]);
}

function endsOf(fields: ProcessData): Readonly<Record<MissingAttributes, string>> {
  const { withAddress, withoutAddress } = processTexts(fields);
  return {
    none: END,
    process: withAddress + END,
    "process-but-address": withoutAddress + END,
  };
}

/** Numbers the items of each millisecond, so that Sentry can show them in order. */
class TimestampSequence {
  #millis = -1;
  #next = 0;

  /** Returns the number of an item within its millisecond, starting at 0. `timestamp` is in seconds. */
  next(timestamp: number): number {
    const millis = Math.floor(timestamp * 1000);
    if (millis !== this.#millis) {
      this.#millis = millis;
      this.#next = 0;
    }
    return this.#next++;
  }
}

/** The sequence of all items of the process. */
export const processSequence: TimestampSequence = new TimestampSequence();

/** Attributes that only the process sets; attributes of the application with the same keys are ignored. */
export const PROCESS_KEYS: ReadonlySet<string> = new Set([
  "sentry.environment",
  "sentry.release",
  "sentry.sdk.name",
  "sentry.sdk.version",
]);

/** Attribute of the server name, which an item may override. */
export const ADDRESS_KEY = "server.address";

const LIMITS = { valueLength: 256, totalLength: 8192 };

/** Returns the attributes of the process, with the server name last. */
export function processEntries(fields: ProcessData): readonly (readonly [string, unknown])[] {
  const { environment, release, serverName } = fields;
  return [
    ["sentry.environment", environment],
    ...(release === undefined ? [] : [["sentry.release", release] as const]),
    ["sentry.sdk.name", SDK_NAME],
    ["sentry.sdk.version", SDK_VERSION],
    ...(serverName === undefined ? [] : [[ADDRESS_KEY, serverName] as const]),
  ];
}

/** Attributes of the process as JSON properties with a leading comma, with and without the server name. */
interface ProcessTexts {
  readonly withAddress: string;
  readonly withoutAddress: string;
}

// Cached, because the data of a process rarely changes while it runs.
const processTexts = onceFor((fields: ProcessData): ProcessTexts => {
  const entries = processEntries(fields);
  const others = entries.filter(([key]) => key !== ADDRESS_KEY);
  return {
    withAddress: `,${attributeText(entries, LIMITS).text}`,
    withoutAddress: `,${attributeText(others, LIMITS).text}`,
  };
});
