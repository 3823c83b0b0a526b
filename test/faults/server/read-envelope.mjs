import { createHash } from "node:crypto";
import { brotliDecompressSync, gunzipSync, inflateSync } from "node:zlib";

/**
 * One item; `bytes` are its header and payload as they came.
 * @typedef {{ type: string; header: Record<string, unknown>; bytes: Buffer; payload: Buffer }} EnvelopeItem
 */

/**
 * An envelope with the id of its event or check-in, where its items have one, and its size after
 * decompression.
 * @typedef {{ id: string | undefined; items: EnvelopeItem[]; bytes: number }} Envelope
 */

/** @typedef {import("../server-protocol.ts").Quantities} Quantities */

const DECODERS = { br: brotliDecompressSync, deflate: inflateSync, gzip: gunzipSync };

const CATEGORIES = {
  attachment: "attachment",
  check_in: "monitor",
  client_report: "internal",
  event: "error",
  feedback: "feedback",
  log: "log_item",
  session: "session",
  sessions: "session",
  span: "span",
  trace_metric: "trace_metric",
  transaction: "transaction",
};

/**
 * Takes a request's body apart. Throws where it is no envelope.
 * @param {Buffer} body
 * @param {string} [encoding]
 * @returns {Envelope}
 */
export function readEnvelope(body, encoding) {
  const bytes = encoding === undefined ? body : decode(body, encoding);
  const cursor = { bytes, at: 0 };
  const header = JSON.parse(takeLine(cursor));
  const items = [];
  while (cursor.at < bytes.length) items.push(takeItem(cursor));
  return { id: header.event_id ?? checkInId(items), items, bytes: bytes.length };
}

function decode(body, encoding) {
  const decoder = DECODERS[encoding];
  if (decoder === undefined) throw new Error(`content encoding ${encoding} is not known`);
  return decoder(body);
}

// The first item that is not a report on others: reports ride on what is sent anyway.
function mainItem(items) {
  return items.find(({ type }) => type !== "client_report") ?? items[0];
}

// A check-in's id stands for its run, which has one item per status.
function checkInId(items) {
  const item = items.find(({ type }) => type === "check_in");
  if (item === undefined) return undefined;
  const { check_in_id: id, status } = JSON.parse(String(item.payload));
  return `${id}:${status}`;
}

/**
 * What rate limits are asked about.
 * @param {Envelope} envelope
 */
export function categoryOf({ items }) {
  return CATEGORIES[mainItem(items)?.type] ?? "default";
}

/**
 * What must not change between two attempts.
 * @param {Envelope} envelope
 */
export function hashOf({ items }) {
  return createHash("sha1")
    .update(mainItem(items)?.bytes ?? "")
    .digest("hex");
}

/**
 * What the envelope has, as client reports count it; reports themselves count for nothing.
 * @param {Envelope} envelope
 * @returns {Quantities}
 */
export function quantitiesOf({ items }) {
  /** @type {Quantities} */
  const sums = {};
  const add = (category, quantity) => (sums[category] = (sums[category] ?? 0) + quantity);
  for (const { type, header, payload } of items) {
    if (type === "client_report") continue;
    add(CATEGORIES[type] ?? "default", header.item_count ?? 1);
    if (type === "transaction") add("span", (JSON.parse(String(payload)).spans?.length ?? 0) + 1);
  }
  return sums;
}

/**
 * The entries of the envelope's client reports.
 * @param {Envelope} envelope
 */
export function reportsOf({ items }) {
  return items
    .filter(({ type }) => type === "client_report")
    .map(({ payload }) => JSON.parse(String(payload)).discarded_events);
}

function takeItem(cursor) {
  const start = cursor.at;
  const header = JSON.parse(takeLine(cursor));
  const { bytes, at } = cursor;
  const lineEnd = bytes.indexOf(0x0a, at);
  const end =
    header.length === undefined ? (lineEnd === -1 ? bytes.length : lineEnd) : at + header.length;
  if (end > bytes.length) throw new Error(`an item announces ${header.length} bytes, fewer came`);
  if (end < bytes.length && bytes[end] !== 0x0a) throw new Error("an item goes on after its end");
  cursor.at = end + 1;
  return {
    type: header.type,
    header,
    bytes: bytes.subarray(start, end),
    payload: bytes.subarray(at, end),
  };
}

function takeLine(cursor) {
  const found = cursor.bytes.indexOf(0x0a, cursor.at);
  const end = found === -1 ? cursor.bytes.length : found;
  const line = cursor.bytes.toString("utf8", cursor.at, end);
  cursor.at = end + 1;
  return line;
}
