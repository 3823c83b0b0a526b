import { types } from "node:util";

import { clip, jsonString, textOf } from "../support/text.js";
import { ownKeys } from "../support/foreign.js";

/** Characters of one attribute value that are kept (protocol: the largest documented field is 20 kB). */
export const MAX_VALUE_LENGTH = 32_768;

/** Characters of JSON that one span's attributes may take; what comes after that is left out. */
export const MAX_ATTRIBUTES_LENGTH = 262_144;

const MAX_DEPTH = 6;
const MAX_MEMBERS = 1000;

/**
 * An attribute value as JSON text. Strings, finite numbers and booleans are what they are; the wider
 * values of API 1.10 follow OTel's rules for non-OTLP formats: bytes are base64, `null` is an empty
 * string (inside arrays and maps `null`), `NaN` and the infinities are words.
 */
export function jsonValue(value: unknown): string {
  if (typeof value === "string") return jsonText(value);
  if (typeof value === "number" && Number.isFinite(value)) return String(value);
  if (typeof value === "boolean") return value ? "true" : "false";
  return value === null || value === undefined ? '""' : jsonAny(value, 0, new Set());
}

function jsonText(value: string): string {
  return jsonString(value.length <= MAX_VALUE_LENGTH ? value : clip(value, MAX_VALUE_LENGTH));
}

function jsonAny(value: unknown, depth: number, path: Set<object>): string {
  switch (typeof value) {
    case "string":
      return jsonText(value);
    case "number":
      return Number.isFinite(value) ? String(value) : `"${value}"`;
    case "boolean":
      return value ? "true" : "false";
    case "object":
      return value === null ? "null" : jsonObject(value, depth, path);
    case "undefined":
      return "null";
    default:
      return jsonText(textOf(value));
  }
}

function jsonObject(value: object, depth: number, path: Set<object>): string {
  if (types.isUint8Array(value)) return jsonText(base64(value));
  if (ArrayBuffer.isView(value)) return jsonText(`[${value.byteLength} bytes]`);
  if (path.has(value)) return '"[Circular]"';
  if (depth >= MAX_DEPTH) return Array.isArray(value) ? '"[Array]"' : '"[Object]"';
  path.add(value);
  const text = Array.isArray(value) ? jsonArray(value, depth, path) : jsonMap(value, depth, path);
  path.delete(value);
  return text;
}

function jsonArray(values: readonly unknown[], depth: number, path: Set<object>): string {
  let text = "";
  const count = Math.min(values.length, MAX_MEMBERS);
  for (let index = 0; index < count && text.length < MAX_VALUE_LENGTH; index++) {
    text += `${index === 0 ? "" : ","}${jsonAny(values[index], depth + 1, path)}`;
  }
  return `[${text}]`;
}

function jsonMap(value: object, depth: number, path: Set<object>): string {
  let text = "";
  for (const key of ownKeys(value, MAX_MEMBERS)) {
    if (text.length >= MAX_VALUE_LENGTH) break;
    const member: unknown = Reflect.get(value, key);
    text += `${text === "" ? "" : ","}${jsonText(key)}:${jsonAny(member, depth + 1, path)}`;
  }
  return `{${text}}`;
}

// Encoded only as far as it is kept.
function base64(bytes: Uint8Array): string {
  const kept = bytes.subarray(0, MAX_VALUE_LENGTH);
  return Buffer.from(kept.buffer, kept.byteOffset, kept.byteLength).toString("base64");
}
