import type { ProcessMembers } from "../client/process-members.js";
import { SEQUENCE_KEY } from "./telemetry-text.js";
import { processTexts } from "./process-attributes.js";
import type { TelemetryPlace } from "../context/telemetry-place.js";

/** What is put into an item when it is sent; the protocol has the same on all items of a process. */
export type MissingAttributes = "none" | "process" | "process-but-address";

/**
 * One item as JSON without lone surrogates, up to the end of its attributes. What is said of the process
 * comes in when it is sent: its resource may be known only then.
 */
export interface EncodedItem {
  readonly text: string;
  /** Length of the text in UTF-8. */
  readonly bytes: number;
  readonly missing: MissingAttributes;
}

/** Items that go into one container. */
export interface Container {
  readonly payload: string;
  /** Length of the items in UTF-8. */
  readonly bytes: number;
}

const END = "}}";

/** The members that logs and metrics begin with. `timestamp` is in seconds. */
export function headText(timestamp: number, { traceId, spanId }: TelemetryPlace): string {
  const span = spanId === undefined ? "" : `,"span_id":"${spanId}"`;
  return `"timestamp":${timestamp},"trace_id":"${traceId}"${span}`;
}

/** The member with all attributes, but for its end; the sequence number is ours alone. */
export function attributesMember(text: string, sequence: number): string {
  const own = text === "" ? "" : `${text},`;
  return `"attributes":{${own}"${SEQUENCE_KEY}":{"type":"integer","value":${sequence}}`;
}

/** An item of these members, the attributes last. */
export function itemOf(members: readonly string[], missing: MissingAttributes): EncodedItem {
  const text = `{${members.join(",")}`;
  return { text, bytes: Buffer.byteLength(text), missing };
}

/** The payload of an item container. */
export function containerOf(items: readonly EncodedItem[], members: ProcessMembers): Container {
  const { withAddress, withoutAddress } = processTexts(members);
  const ends = {
    none: END,
    process: withAddress + END,
    "process-but-address": withoutAddress + END,
  };
  let bytes = 0;
  const texts = items.map((item) => {
    const end = ends[item.missing];
    bytes += item.bytes + Buffer.byteLength(end);
    return item.text + end;
  });
  return { payload: `{"version":2,"items":[${texts.join(",")}]}`, bytes };
}
